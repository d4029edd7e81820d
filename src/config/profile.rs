//! Reading `config.toml` and checking what it says.

use super::error::ConfigError;
use super::file::{EntraSection, File, JiraSection, Limits, ProfileFile, Schedule};
use super::guarded::refuse_exposed;
use super::paths::Paths;
use crate::http::Origin;
use crate::plan::{ScopeUsers, Settings};
use std::path::Path;

/// One profile, checked.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// Entra's section.
    pub entra: EntraSection,
    /// Where tokens come from.
    pub login: Origin,
    /// Where Graph is.
    pub graph: Origin,
    /// Jira's section.
    pub jira: JiraSection,
    /// The site.
    pub site: Origin,
    /// The gateway.
    pub api: Origin,
    /// What plans depend on.
    pub settings: Settings,
    /// When runs start by themselves.
    pub schedule: Schedule,
    /// How fast.
    pub limits: Limits,
}

/// Reads the configuration and picks a profile: the named one, or the only one. Also tells whether
/// it is the only one.
pub fn load(paths: &Paths, wanted: Option<&str>) -> Result<(Profile, bool), ConfigError> {
    let path = paths.config_file();
    refuse_exposed(&path)?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ConfigError::Missing(path));
        }
        Err(source) => return Err(ConfigError::Io { path, source }),
    };
    let mut profiles = parse(&path, &text)?;
    let known = || profiles.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let only = profiles.len() == 1;
    let at = match wanted {
        Some(wanted) => profiles
            .iter()
            .position(|p| p.name == wanted)
            .ok_or_else(|| ConfigError::UnknownProfile {
                wanted: wanted.to_owned(),
                known: known(),
            })?,
        None if profiles.is_empty() => return Err(ConfigError::NoProfile(path)),
        None if only => 0,
        None => return Err(ConfigError::SeveralProfiles { known: known() }),
    };
    Ok((profiles.swap_remove(at), only))
}

/// The names of all profiles; none where there is no configuration.
pub(super) fn names(paths: &Paths) -> Result<Vec<String>, ConfigError> {
    let path = paths.config_file();
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|source| ConfigError::Io {
            path: path.clone(),
            source,
        })?,
    };
    let profiles = parse(&path, &text)?.into_iter();
    Ok(profiles.map(|profile| profile.name).collect())
}

/// Reads a configuration's text; `path` stands in its errors.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Profile>, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| malformed(path, text, &error))?;
    file.profiles
        .into_iter()
        .map(|(name, profile)| checked(path, name, profile))
        .collect()
}

fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map_or(1, |span| {
        text[..span.start.min(text.len())].matches('\n').count() + 1
    });
    let message = error.message().lines().next().unwrap_or_default();
    ConfigError::Malformed {
        path: path.to_owned(),
        line,
        suggestion: suggestion(message),
        message: plain(message),
    }
}

/// The parser's message without the words of programmers.
fn plain(message: &str) -> String {
    if message.starts_with("unknown field `client_secret`")
        || message.starts_with("unknown field `api_token`")
    {
        return "secrets don't belong here: see the README for the places that they are taken from"
            .to_owned();
    }
    let mut text = message.to_owned();
    for (from, to) in [
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list in square brackets"),
        ("expected a string", "expected text in quotation marks"),
        ("invalid type: ", "not what belongs here: "),
        ("unknown field ", "there is no key "),
        ("unknown variant ", "there is no choice "),
        ("missing field ", "a key is missing: "),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// For “unknown field `a`, expected one of `b`, `c`”: the expected word that is nearest.
fn suggestion(message: &str) -> Option<String> {
    let unknown = message
        .strip_prefix("unknown field ")
        .or_else(|| message.strip_prefix("unknown variant "))?;
    let mut words = unknown.split('`').skip(1).step_by(2);
    let wrong = words.next()?;
    words
        .map(|word| (strsim::damerau_levenshtein(wrong, word), word))
        .filter(|(distance, word)| *distance <= 2.max(word.len() / 3))
        .min()
        .map(|(_, word)| word.to_owned())
}

fn checked(path: &Path, name: String, file: ProfileFile) -> Result<Profile, ConfigError> {
    let wrong = |key: &'static str, message: String| ConfigError::Value {
        path: path.to_owned(),
        profile: name.clone(),
        key,
        message,
    };
    let origin = |key: &'static str, text: &str| {
        Origin::parse(text).map_err(|error| wrong(key, error.to_string()))
    };
    let entra = &file.entra;
    check_tenant(&entra.tenant_id).map_err(|m| wrong("entra.tenant_id", m))?;
    if !is_guid(&entra.client_id) {
        let message = format!(
            "“{}” is no client id: copy “Application (client) ID” from the app registration's overview, a GUID",
            entra.client_id
        );
        return Err(wrong("entra.client_id", message));
    }
    let jira = &file.jira;
    if !jira.admin_email.contains('@') {
        let message = format!("“{}” is no e-mail address", jira.admin_email);
        return Err(wrong("jira.admin_email", message));
    }
    unavailable(&file).map_or(Ok(()), |(key, message)| Err(wrong(key, message)))?;
    let limits = &file.limits;
    if limits.max_rate == 0 || limits.polite_rate == 0 {
        let message = "a rate of 0 calls a second would wait for ever".to_owned();
        return Err(wrong("limits", message));
    }
    let login = entra.login_url.as_deref().unwrap_or(entra.cloud.login());
    let graph = entra.graph_url.as_deref().unwrap_or(entra.cloud.graph());
    let api = jira
        .api_url
        .as_deref()
        .unwrap_or("https://api.atlassian.com");
    Ok(Profile {
        login: origin("entra.login_url", login)?,
        graph: origin("entra.graph_url", graph)?,
        site: origin("jira.site_url", &jira.site_url)?,
        api: origin("jira.api_url", api)?,
        settings: Settings {
            provisioning: file.provisioning,
            scope: file.scope,
            names: file.names,
            guards: file.guards,
        },
        name,
        entra: file.entra,
        jira: file.jira,
        schedule: file.schedule,
        limits: file.limits,
    })
}

/// A key, when its value is refused, and why.
type Rule = (&'static str, fn(&ProfileFile) -> bool, &'static str);

/// Values that this version can't honour. They are refused rather than ignored: a setting that
/// looks on and does nothing is worse than none.
const UNAVAILABLE: &[Rule] = &[
    (
        "entra.certificate",
        |file| file.entra.certificate.is_some(),
        "certificates are not supported by this version: use a client secret",
    ),
    (
        "schedule.on_sign_in",
        |file| file.schedule.on_sign_in,
        "sign-ins are not watched by this version: leave it false, and let the interval (schedule.enabled) do the work",
    ),
    (
        "schedule.sign_in_app_id",
        |file| !file.schedule.sign_in_app_id.is_empty(),
        "sign-ins are not watched by this version: leave it empty, or take the line out",
    ),
    (
        "scope.assigned_app_id",
        |file| {
            let scope = &file.scope;
            scope.users == ScopeUsers::Assigned && !is_guid(&scope.assigned_app_id)
        },
        "with scope.users = \"assigned\", this is the enterprise application's client id, a GUID",
    ),
    (
        "provisioning.email_from",
        |file| file.provisioning.email_from.is_empty(),
        "an empty list leaves nobody an address: name mail, userPrincipalName or both",
    ),
];

fn unavailable(file: &ProfileFile) -> Option<(&'static str, String)> {
    let mut rules = UNAVAILABLE.iter();
    let (key, _, message) = rules.find(|(_, is_refused, _)| is_refused(file))?;
    Some((*key, (*message).to_owned()))
}

/// Text of the form 8-4-4-4-12 hex digits.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5
        && parts
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(part, len)| part.len() == len && part.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Whether text is an origin that may be called; says what is wrong with it otherwise.
pub fn check_origin(text: &str) -> Result<(), String> {
    Origin::parse(text).map(drop).map_err(|e| e.to_string())
}

/// A tenant is a GUID or a domain; Microsoft answers anything else with AADSTS900023.
pub fn check_tenant(text: &str) -> Result<(), String> {
    let domain = text.contains('.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        && !text.starts_with('.')
        && !text.ends_with('.');
    if is_guid(text) || domain {
        return Ok(());
    }
    let all = ["common", "consumers", "organizations"];
    Err(if all.contains(&text.to_ascii_lowercase().as_str()) {
        format!("“{text}” stands for any tenant; an application needs its own")
    } else {
        format!(
            "“{text}” is neither a GUID nor a domain: copy “Directory (tenant) ID” from the app registration's overview"
        )
    })
}

impl Profile {
    /// Whether text looks like the ID of a client secret instead of its Value: IDs are GUIDs, and
    /// values never are.
    #[must_use]
    pub fn looks_like_secret_id(text: &str) -> bool {
        is_guid(text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Vec<Profile>, ConfigError> {
        parse(Path::new("config.toml"), text)
    }

    const GOOD: &str = r#"
[profiles."Azure AD".entra]
tenant_id = "6f0c1c1a-0000-4000-8000-000000000000"
client_id = "0b9a4d5e-0000-4000-8000-000000000000"
[profiles."Azure AD".jira]
site_url = "https://acme.atlassian.net"
admin_email = "admin@acme.example"
"#;

    #[test]
    fn a_new_profile_has_every_toggle_off() {
        let profile = parse_text(GOOD).unwrap().remove(0);
        let p = &profile.settings.provisioning;
        assert!(!p.import_users && !p.import_groups && !p.sync_memberships);
        assert_eq!(profile.graph.to_string(), "https://graph.microsoft.com");
    }

    #[test]
    fn the_example_is_good_with_every_line_uncommented() {
        let text: String = super::super::example()
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        let plain = parse_text(super::super::example()).unwrap().remove(0);
        let full = parse_text(&text).unwrap().remove(0);
        assert_eq!(plain.settings.guards, full.settings.guards);
        assert_eq!(plain.settings.scope, full.settings.scope);
        assert_eq!(plain.limits, full.limits);
    }

    #[test]
    fn the_readme_shows_a_configuration_that_loads() {
        let readme = include_str!("../../README.md");
        let block = readme.split("```toml\n").nth(1).unwrap();
        let text = block
            .split("```")
            .next()
            .unwrap()
            .replace('…', "6f0c1c1a-0000-4000-8000-000000000000");
        let profile = parse_text(&text).unwrap().remove(0);
        assert!(profile.settings.provisioning.import_users);
        assert_eq!(
            profile.jira.token_expires,
            Some(jiff::civil::date(2027, 3, 1))
        );
    }

    #[test]
    fn an_unknown_key_is_told_with_its_line_and_the_right_one() {
        let text = format!("{GOOD}[profiles.\"Azure AD\".provisioning]\nimport_user = true\n");
        match parse_text(&text) {
            Err(ConfigError::Malformed {
                line, suggestion, ..
            }) => {
                assert_eq!(line, 9);
                assert_eq!(suggestion.as_deref(), Some("import_users"));
            }
            other => panic!("{other:?}"),
        }
    }

    /// The profile with some lines more in one of its sections.
    fn with(section: &str, line: &str) -> String {
        let header = format!("[profiles.\"Azure AD\".{section}]\n");
        match GOOD.split_once(&header) {
            Some((before, after)) => format!("{before}{header}{line}\n{after}"),
            None => format!("{GOOD}{header}{line}\n"),
        }
    }

    #[test]
    fn every_unavailable_value_is_refused_under_its_key() {
        let values = [
            ("entra", "certificate", "\"/etc/rollbook.pem\""),
            ("schedule", "on_sign_in", "true"),
            ("schedule", "sign_in_app_id", "\"0b9a4d5e\""),
            ("scope", "assigned_app_id", "\"Jira\"\nusers = \"assigned\""),
            ("provisioning", "email_from", "[]"),
        ];
        let mut refused = Vec::new();
        for (section, key, value) in values {
            match parse_text(&with(section, &format!("{key} = {value}"))) {
                Err(ConfigError::Value { key, .. }) => refused.push(key),
                other => panic!("{key}: {other:?}"),
            }
        }
        let rules: Vec<&str> = UNAVAILABLE.iter().map(|(key, ..)| *key).collect();
        assert_eq!(refused, rules);
    }

    /// The parser's words are its own and may change with its version: `plain` and `suggestion`
    /// read them.
    #[test]
    fn what_the_parser_says_is_told_in_an_administrators_words() {
        let told = |section: &str, line: &str| match parse_text(&with(section, line)) {
            Err(ConfigError::Malformed {
                message,
                suggestion,
                ..
            }) => (message, suggestion),
            other => panic!("{line}: {other:?}"),
        };
        for (section, line, message) in [
            (
                "guards",
                "new_people = \"many\"",
                "not what belongs here: string \"many\", expected a whole number",
            ),
            (
                "limits",
                "max_rate = true",
                "not what belongs here: boolean `true`, expected a whole number",
            ),
            (
                "provisioning",
                "import_users = 1",
                "not what belongs here: integer `1`, expected true or false",
            ),
            (
                "provisioning",
                "default_groups = \"x\"",
                "not what belongs here: string \"x\", expected a list in square brackets",
            ),
            (
                "names",
                "prefix = 1",
                "not what belongs here: integer `1`, expected text in quotation marks",
            ),
            (
                "entra",
                "client_secret = \"x\"",
                "secrets don't belong here: see the README for the places that they are taken from",
            ),
            (
                "jira",
                "api_token = \"x\"",
                "secrets don't belong here: see the README for the places that they are taken from",
            ),
        ] {
            assert_eq!(told(section, line), (message.to_owned(), None), "{line}");
        }
        for (section, line, beginning, meant) in [
            (
                "scope",
                "guest = true",
                "there is no key `guest`, ",
                "guests",
            ),
            (
                "provisioning",
                "leavers = \"removed\"",
                "there is no choice `removed`, ",
                "remove",
            ),
        ] {
            let (message, suggestion) = told(section, line);
            assert!(message.starts_with(beginning), "{message}");
            assert_eq!(suggestion.as_deref(), Some(meant));
        }
        let text = GOOD.replace("admin_email = \"admin@acme.example\"\n", "");
        match parse_text(&text) {
            Err(ConfigError::Malformed { message, .. }) => {
                assert_eq!(message, "a key is missing: `admin_email`");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for (from, to) in [
            ("6f0c1c1a-0000-4000-8000-000000000000", "common"),
            ("6f0c1c1a-0000-4000-8000-000000000000", "acme corp"),
            ("0b9a4d5e-0000-4000-8000-000000000000", "rollbook"),
            ("https://acme.atlassian.net", "http://acme.atlassian.net"),
            ("https://acme.atlassian.net", "acme"),
            ("admin@acme.example", "admin"),
        ] {
            let text = GOOD.replace(from, to);
            assert!(
                matches!(parse_text(&text), Err(ConfigError::Value { .. })),
                "{to}"
            );
        }
    }
}
