//! What kind of problem it is, for programs.

/// A kind of problem. Its word stands in JSON and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A group can't be adopted.
    Adopt,
    /// An allowance does not fit the plan.
    Allowance,
    /// A service answered in an unknown form.
    Answer,
    /// A backup can't be used.
    BadBackup,
    /// The person or a signal ended it.
    Cancelled,
    /// The configuration.
    Config,
    /// No connection, or one that was cut.
    Connection,
    /// Graph has trouble or refused a call.
    Entra,
    /// Entra gave no token.
    EntraCredentials,
    /// The application lacks a permission.
    EntraPermission,
    /// The file of an export can't be written.
    ExportFile,
    /// An answer points to another service.
    ForeignLink,
    /// The profile leads to another tenant or site.
    IdentityChanged,
    /// Jira has trouble or refused a call.
    Jira,
    /// Jira's rate limit is used up.
    JiraBusy,
    /// Jira does not accept the account.
    JiraCredentials,
    /// The account lacks a role.
    JiraPermission,
    /// The address is no Jira Cloud site.
    JiraSite,
    /// Another machine applies to the site.
    Leased,
    /// Another Rollbook holds the profile.
    Locked,
    /// There is nobody to ask.
    NoTerminal,
    /// An account is in several directories.
    OrganizationDirectory,
    /// The organization's key is not accepted.
    OrganizationKey,
    /// Secrets would go to another address than before.
    OriginChanged,
    /// Standard output can't be written.
    Output,
    /// The file of a plan can't be used.
    PlanFile,
    /// A reviewed plan is not applied.
    PlanRefused,
    /// Another system provisions the site.
    Provisioned,
    /// A service wants to send the call elsewhere.
    Redirect,
    /// Who takes part can't be told.
    Scope,
    /// A secret is missing or can't be used.
    Secret,
    /// The program can't start.
    Start,
    /// The state is damaged.
    StateDamaged,
    /// The state is gone.
    StateMissing,
    /// The profile's files can't be used.
    Store,
    /// A part of the program ended unexpectedly.
    Task,
    /// The terminal can't be used.
    Terminal,
    /// A service asks to wait for long.
    Throttled,
    /// A connection is not trusted.
    Tls,
    /// There is no such run.
    UnknownRun,
    /// The command line is wrong.
    Usage,
}

impl ProblemKind {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Allowance => "allowance",
            Self::Answer => "answer",
            Self::BadBackup => "bad-backup",
            Self::Cancelled => "cancelled",
            Self::Config => "config",
            Self::Connection => "connection",
            Self::Entra => "entra",
            Self::EntraCredentials => "entra-credentials",
            Self::EntraPermission => "entra-permission",
            Self::ExportFile => "export-file",
            Self::ForeignLink => "foreign-link",
            Self::IdentityChanged => "identity-changed",
            Self::Jira => "jira",
            Self::JiraBusy => "jira-busy",
            Self::JiraCredentials => "jira-credentials",
            Self::JiraPermission => "jira-permission",
            Self::JiraSite => "jira-site",
            Self::Leased => "leased",
            Self::Locked => "locked",
            Self::NoTerminal => "no-terminal",
            Self::OrganizationDirectory => "organization-directory",
            Self::OrganizationKey => "organization-key",
            Self::OriginChanged => "origin-changed",
            Self::Output => "output",
            Self::PlanFile => "plan-file",
            Self::PlanRefused => "plan-refused",
            Self::Provisioned => "provisioned",
            Self::Redirect => "redirect",
            Self::Scope => "scope",
            Self::Secret => "secret",
            Self::Start => "start",
            Self::StateDamaged => "state-damaged",
            Self::StateMissing => "state-missing",
            Self::Store => "store",
            Self::Task => "task",
            Self::Terminal => "terminal",
            Self::Throttled => "throttled",
            Self::Tls => "tls",
            Self::UnknownRun => "unknown-run",
            Self::Usage => "usage",
        }
    }
}
