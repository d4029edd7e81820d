//! The fields of both connections.

use crate::config::{self, Editor, Profile, SecretKind, TomlValue};
use crate::console::field::{SecretField, TextField};
use crate::sync::Side;
use jiff::civil::Date;

/// A field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Key {
    Name,
    Tenant,
    Client,
    ClientSecret,
    Cloud,
    Login,
    Graph,
    Site,
    Email,
    Token,
    TokenEnds,
    Organization,
    OrganizationEnds,
    Api,
}

/// The clouds, as the file writes them and as people call them.
pub(super) const CLOUDS: [(&str, &str); 4] = [
    ("global", "global"),
    ("us-gov", "US Government (GCC High)"),
    ("us-dod", "US Department of Defense"),
    ("china", "China (21Vianet)"),
];

impl Key {
    pub(super) const ENTRA: [Self; 7] = [
        Self::Name,
        Self::Tenant,
        Self::Client,
        Self::ClientSecret,
        Self::Cloud,
        Self::Login,
        Self::Graph,
    ];
    pub(super) const JIRA: [Self; 7] = [
        Self::Site,
        Self::Email,
        Self::Token,
        Self::TokenEnds,
        Self::Organization,
        Self::OrganizationEnds,
        Self::Api,
    ];

    pub(super) const fn of(side: Side) -> &'static [Self] {
        match side {
            Side::Entra => &Self::ENTRA,
            Side::Jira => &Self::JIRA,
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Name => "Application name",
            Self::Tenant => "Tenant id",
            Self::Client => "Client id",
            Self::ClientSecret => "Client secret",
            Self::Cloud => "Cloud",
            Self::Login => "Sign-in address",
            Self::Graph => "Graph address",
            Self::Site => "Site",
            Self::Email => "Admin e-mail",
            Self::Token => "API token",
            Self::TokenEnds => "Token ends on",
            Self::Organization => "Org. API key",
            Self::OrganizationEnds => "Org. key ends",
            Self::Api => "Gateway address",
        }
    }

    /// Where the value is found, as the vendors' portals word it.
    pub(super) const fn guide(self) -> &'static str {
        match self {
            Self::Name => {
                "What this connection is called in Rollbook, such as Azure AD. It has to be unique; state and history are kept under it."
            }
            Self::Tenant => {
                "Microsoft Entra admin center ▸ App registrations ▸ your application ▸ Overview: “Directory (tenant) ID”. No application yet? App registrations ▸ New registration: any name, “Accounts in this organizational directory only”, no redirect URI."
            }
            Self::Client => {
                "The same Overview: “Application (client) ID”. Then API permissions ▸ Add a permission ▸ Microsoft Graph ▸ Application permissions (not Delegated): Directory.Read.All and User.Read.All; then “Grant admin consent”. Least: User.Read.All and GroupMember.Read.All for people and groups."
            }
            Self::ClientSecret => {
                "Certificates & secrets ▸ Client secrets ▸ New client secret: copy the column “Value” at once, it is shown only then. The “Secret ID” beside it is something else. ^R shows what you entered."
            }
            Self::Cloud => {
                "global, unless your tenant is in a national cloud. Space takes the next one."
            }
            Self::Login => {
                "Only for test systems and proxies: replaces the cloud's sign-in address. Empty is right for everybody else."
            }
            Self::Graph => {
                "Only for test systems and proxies: replaces the cloud's Graph address. Empty is right for everybody else."
            }
            Self::Site => {
                "The address of your Jira Cloud site, such as https://acme.atlassian.net."
            }
            Self::Email => {
                "The account that Rollbook signs in with, best one of its own. At admin.atlassian.com it needs the role Site admin, and to create people Organization admin."
            }
            Self::Token => {
                "Signed in as that account: id.atlassian.com ▸ Security ▸ API tokens ▸ Create API token. Tokens with and without scopes work. ^R shows what you entered."
            }
            Self::TokenEnds => {
                "The end date that you chose for the token, such as 2027-03-01. A token can't tell it, and works for at most a year; Rollbook reminds you. Empty if you don't know."
            }
            Self::Organization => {
                "Optional. admin.atlassian.com ▸ Settings ▸ API keys ▸ Create API key, without scopes. With it, people who hide their e-mail are recognised at once, 100 in a call, and groups that another system syncs are known. ^R shows what you entered."
            }
            Self::OrganizationEnds => {
                "The end date of the organization's API key, such as 2027-01-01: a week from now unless you chose another, a year at most. Empty if you don't know."
            }
            Self::Api => {
                "Only for test systems and proxies: replaces https://api.atlassian.com. Empty is right for everybody else."
            }
        }
    }

    /// Section and key in `config.toml`.
    const fn place(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Name | Self::ClientSecret | Self::Token | Self::Organization => return None,
            Self::Tenant => ("entra", "tenant_id"),
            Self::Client => ("entra", "client_id"),
            Self::Cloud => ("entra", "cloud"),
            Self::Login => ("entra", "login_url"),
            Self::Graph => ("entra", "graph_url"),
            Self::Site => ("jira", "site_url"),
            Self::Email => ("jira", "admin_email"),
            Self::TokenEnds => ("jira", "token_expires"),
            Self::OrganizationEnds => ("jira", "organization_key_expires"),
            Self::Api => ("jira", "api_url"),
        })
    }

    /// Which secret it is, if it is one.
    pub(super) const fn secret(self) -> Option<SecretKind> {
        match self {
            Self::ClientSecret => Some(SecretKind::EntraClientSecret),
            Self::Token => Some(SecretKind::JiraApiToken),
            Self::Organization => Some(SecretKind::OrgApiKey),
            _ => None,
        }
    }
}

/// What is said of a field that must not be empty.
pub(super) const NEEDED: &str = "is needed";

/// What stands in a field.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(TextField),
    Secret(SecretField),
    /// Index into [`CLOUDS`].
    Cloud(usize),
}

/// Both forms.
#[derive(Debug, Clone)]
pub(super) struct Form {
    entra: Vec<Content>,
    jira: Vec<Content>,
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

impl Form {
    /// Empty, but for a name.
    pub(super) fn new() -> Self {
        let content = |key: &Key| match key {
            Key::ClientSecret | Key::Token | Key::Organization => {
                Content::Secret(SecretField::default())
            }
            Key::Cloud => Content::Cloud(0),
            Key::Name => Content::Text("Azure AD".into()),
            _ => Content::Text(TextField::default()),
        };
        Self {
            entra: Key::ENTRA.iter().map(content).collect(),
            jira: Key::JIRA.iter().map(content).collect(),
        }
    }

    /// What the file says of a profile. Secrets stay empty: they are never shown again.
    pub(super) fn of(editor: &Editor, profile: &str) -> Self {
        let mut form = Self::new();
        for key in Key::ENTRA.into_iter().chain(Key::JIRA) {
            let text = match key.place() {
                None if key == Key::Name => profile.to_owned(),
                None => continue,
                Some((section, name)) => match editor.get(profile, section, name) {
                    Some(TomlValue::String(text)) => text.value().clone(),
                    Some(other) => other.to_string().trim().to_owned(),
                    None => continue,
                },
            };
            match form.get_mut(key) {
                Content::Text(field) => *field = text.as_str().into(),
                Content::Cloud(choice) => {
                    *choice = CLOUDS.iter().position(|c| c.0 == text).unwrap_or(0);
                }
                Content::Secret(_) => {}
            }
        }
        form
    }

    /// Whether nothing was entered; the name may be a suggestion.
    pub(super) fn is_blank(&self) -> bool {
        Key::ENTRA
            .iter()
            .chain(&Key::JIRA)
            .all(|key| match self.get(*key) {
                Content::Text(field) => *key == Key::Name || field.text().is_empty(),
                Content::Secret(field) => field.is_empty(),
                Content::Cloud(choice) => *choice == 0,
            })
    }

    pub(super) fn get(&self, key: Key) -> &Content {
        match Key::ENTRA.iter().position(|k| *k == key) {
            Some(at) => &self.entra[at],
            None => &self.jira[Key::JIRA.iter().position(|k| *k == key).unwrap_or(0)],
        }
    }

    pub(super) fn get_mut(&mut self, key: Key) -> &mut Content {
        match Key::ENTRA.iter().position(|k| *k == key) {
            Some(at) => &mut self.entra[at],
            None => &mut self.jira[Key::JIRA.iter().position(|k| *k == key).unwrap_or(0)],
        }
    }

    pub(super) fn text(&self, key: Key) -> &str {
        match self.get(key) {
            Content::Text(field) => field.text().trim(),
            Content::Cloud(choice) => CLOUDS[*choice].0,
            Content::Secret(_) => "",
        }
    }

    pub(super) fn secret(&self, key: Key) -> Option<&SecretField> {
        match self.get(key) {
            Content::Secret(field) if !field.is_empty() => Some(field),
            _ => None,
        }
    }

    /// What is wrong with a field, or with it still being empty. `kept` says whether a secret is
    /// kept already, `taken` whether another profile has the name.
    pub(super) fn wrong(
        &self,
        key: Key,
        kept: bool,
        taken: bool,
        today: Option<Date>,
    ) -> Option<String> {
        let text = self.text(key);
        let needed = NEEDED.to_owned();
        match key {
            Key::Name | Key::Tenant | Key::Client | Key::Site | Key::Email if text.is_empty() => {
                Some(needed)
            }
            Key::Name if taken => Some(format!("another profile is called “{text}”")),
            Key::Tenant => config::check_tenant(text).err(),
            Key::Client => (!config::is_guid(text)).then(|| {
                "is no GUID: copy “Application (client) ID” from the application's Overview"
                    .to_owned()
            }),
            Key::ClientSecret | Key::Token => match self.secret(key) {
                None if kept => None,
                None => Some(needed),
                Some(secret)
                    if key == Key::ClientSecret
                        && Profile::looks_like_secret_id(secret.text()) =>
                {
                    Some(
                        "looks like the “Secret ID”: copy the column “Value” instead. If it is gone, make a new secret"
                            .to_owned(),
                    )
                }
                Some(_) => None,
            },
            Key::Login | Key::Graph | Key::Api | Key::TokenEnds | Key::OrganizationEnds
                if text.is_empty() =>
            {
                None
            }
            Key::Login | Key::Graph | Key::Api | Key::Site => config::check_origin(text).err(),
            Key::Email => (!text.contains('@') || text.ends_with('@'))
                .then(|| "is no e-mail address".to_owned()),
            Key::TokenEnds | Key::OrganizationEnds => match (text.parse::<Date>(), today) {
                (Err(_), _) => Some("is no date: write it like 2027-03-01".to_owned()),
                (Ok(end), Some(today)) if end < today => {
                    Some("has passed: it works no more, make a new one".to_owned())
                }
                (Ok(_), _) => None,
            },
            Key::Name | Key::Cloud | Key::Organization => None,
        }
    }

    /// Makes an address what was meant: with its scheme, without a path.
    pub(super) fn tidy(&mut self, key: Key) {
        if !matches!(key, Key::Site | Key::Login | Key::Graph | Key::Api) {
            return;
        }
        let text = self.text(key).to_owned();
        if text.is_empty() {
            return;
        }
        let with_scheme = if text.contains("://") {
            text.clone()
        } else {
            format!("https://{text}")
        };
        let tidy = match with_scheme.split_once("://") {
            Some((scheme, rest)) => {
                let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
                format!("{scheme}://{host}")
            }
            None => with_scheme,
        };
        if tidy != text
            && let Content::Text(field) = self.get_mut(key)
        {
            *field = tidy.as_str().into();
        }
    }

    /// Writes the form into the configuration; gives the profile's name.
    pub(super) fn write(&self, editor: &mut Editor, before: Option<&str>) -> String {
        let name = self.text(Key::Name).to_owned();
        if let Some(before) = before {
            editor.rename(before, &name);
        }
        for key in Key::ENTRA.into_iter().chain(Key::JIRA) {
            let Some((section, field)) = key.place() else {
                continue;
            };
            let text = self.text(key);
            let default = key == Key::Cloud && text == CLOUDS[0].0;
            if text.is_empty() || default && editor.get(&name, section, field).is_none() {
                editor.unset(&name, section, field);
                continue;
            }
            let value = match (key, text.parse::<toml_edit::Datetime>()) {
                (Key::TokenEnds | Key::OrganizationEnds, Ok(date)) => TomlValue::from(date),
                _ => TomlValue::from(text),
            };
            editor.set(&name, section, field, value);
        }
        name
    }
}
