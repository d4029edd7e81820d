//! Editing `config.toml` and `credentials.toml`: what is not touched stays as it was written,
//! comments included.

use super::error::{ConfigError, SecretKind};
use super::guarded::refuse_exposed;
use super::paths::Paths;
use super::profile::{Profile, parse};
use secrecy::{ExposeSecret as _, SecretString};
use std::io::Write as _;
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table, Value, value};

/// `config.toml` under change. Nothing reaches the disk before [`Editor::save`].
#[derive(Debug, Clone)]
pub struct Editor {
    paths: Paths,
    document: DocumentMut,
    /// The file's text as it was read.
    original: String,
}

impl Editor {
    /// Reads the file; one that does not exist is empty.
    pub fn open(paths: &Paths) -> Result<Self, ConfigError> {
        let path = paths.config_file();
        let text = read(&path)?.unwrap_or_default();
        // The plain parser first: its errors are in an administrator's words.
        parse(&path, &text)?;
        Ok(Self {
            paths: paths.clone(),
            document: document(&path, &text)?,
            original: text,
        })
    }

    /// The names of the profiles.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.document
            .get("profiles")
            .and_then(Item::as_table_like)
            .map(|profiles| profiles.iter().map(|(name, _)| name.to_owned()).collect())
            .unwrap_or_default()
    }

    /// What the file says of a key, if it says anything; a table of its own as an inline one.
    #[must_use]
    pub fn get(&self, profile: &str, section: &str, key: &str) -> Option<Value> {
        let item = self
            .document
            .get("profiles")?
            .get(profile)?
            .get(section)?
            .get(key)?;
        item.clone().into_value().ok()
    }

    /// Sets a key; the comment behind it stays.
    pub fn set(&mut self, profile: &str, section: &str, key: &str, new: Value) {
        let table = self.section(profile, section);
        let mut new = new;
        if let Some(old) = table.get(key).and_then(Item::as_value) {
            if old.to_string().trim() == new.to_string().trim() {
                return;
            }
            *new.decor_mut() = old.decor().clone();
        }
        table.insert(key, Item::Value(new));
    }

    /// Takes a key out, so that its default counts.
    pub fn unset(&mut self, profile: &str, section: &str, key: &str) {
        if self.get(profile, section, key).is_some() {
            self.section(profile, section).remove(key);
        }
    }

    /// The table of a section, made where it is missing.
    fn section(&mut self, profile: &str, section: &str) -> &mut dyn toml_edit::TableLike {
        let mut at: &mut dyn toml_edit::TableLike = self.document.as_table_mut();
        for (depth, name) in ["profiles", profile, section].into_iter().enumerate() {
            let entry = at.entry(name).or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(depth < 2);
                Item::Table(table)
            });
            if entry.as_table_like().is_none() {
                *entry = Item::Table(Table::new());
            }
            // Made a table just now, where it was none.
            #[expect(clippy::expect_used, reason = "the line above makes it a table")]
            let table = entry.as_table_like_mut().expect("a table");
            at = table;
        }
        at
    }

    /// Gives a profile another name. Its place in the file stays.
    pub fn rename(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        if let Some(profiles) = self
            .document
            .get_mut("profiles")
            .and_then(Item::as_table_like_mut)
            && let Some(item) = profiles.remove(from)
        {
            profiles.insert(to, item);
        }
    }

    /// Takes a profile out of the file.
    pub fn remove(&mut self, profile: &str) {
        if let Some(profiles) = self
            .document
            .get_mut("profiles")
            .and_then(Item::as_table_like_mut)
        {
            profiles.remove(profile);
        }
    }

    /// The file's text as it would be saved.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// A profile as it would be loaded, or what is wrong.
    pub fn profile(&self, name: &str) -> Result<Profile, ConfigError> {
        let profiles = parse(&self.paths.config_file(), &self.text())?;
        let known = profiles.iter().map(|p| p.name.clone()).collect();
        profiles
            .into_iter()
            .find(|profile| profile.name == name)
            .ok_or_else(|| ConfigError::UnknownProfile {
                wanted: name.to_owned(),
                known,
            })
    }

    /// Writes the file, whole or not at all. What can't be loaded is not written, and what
    /// somebody else wrote since it was read is not overwritten.
    pub fn save(&self) -> Result<(), ConfigError> {
        let path = self.paths.config_file();
        parse(&path, &self.text())?;
        if read(&path)?.unwrap_or_default() != self.original {
            return Err(ConfigError::Changed(path));
        }
        write(&path, &self.text())
    }

    /// Writes the file as it was read: after a change that could not be made whole.
    pub fn take_back(&self) -> Result<(), ConfigError> {
        write(&self.paths.config_file(), &self.original)
    }
}

/// Keeps a secret of a profile in `credentials.toml`, which only its owner may read.
pub fn keep_secret(
    paths: &Paths,
    profile: &str,
    kind: SecretKind,
    secret: &SecretString,
) -> Result<(), ConfigError> {
    change_secrets(paths, |profiles| {
        let entry = profiles.entry(profile).or_insert(Item::Table(Table::new()));
        if let Some(table) = entry.as_table_like_mut() {
            table.insert(kind.key(), value(secret.expose_secret()));
        }
    })
}

/// Moves a profile's secrets to another name, or drops them.
pub fn move_secrets(paths: &Paths, from: &str, to: Option<&str>) -> Result<(), ConfigError> {
    if !paths.credentials_file().exists() {
        return Ok(());
    }
    change_secrets(paths, |profiles| {
        if let (Some(item), Some(to)) = (profiles.remove(from), to) {
            profiles.insert(to, item);
        }
    })
}

/// Lets a profile's state follow it to its new name.
pub fn move_profile(paths: &Paths, from: &str, to: &str) -> Result<(), ConfigError> {
    let (from, to) = (paths.profile(from), paths.profile(to));
    if !from.exists() || from == to {
        return Ok(());
    }
    // A deleted profile of the new name left its folder: it is kept beside.
    if to.exists() {
        let stamp = jiff::Timestamp::now().as_second();
        let aside = to.with_extension(format!("before-{stamp}"));
        std::fs::rename(&to, &aside).map_err(|source| ConfigError::Io {
            path: aside,
            source,
        })?;
    }
    std::fs::rename(&from, &to).map_err(|source| ConfigError::Io { path: to, source })
}

fn change_secrets(
    paths: &Paths,
    change: impl FnOnce(&mut dyn toml_edit::TableLike),
) -> Result<(), ConfigError> {
    let path = paths.credentials_file();
    super::secrets::check_mode(&path)?;
    let text = read(&path)?.unwrap_or_default();
    // The parser's own message would quote the line, and with it the secret.
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        malformed(&path, &text, &error, "this line can't be understood")
    })?;
    let profiles = document
        .entry("profiles")
        .or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        })
        .as_table_like_mut();
    if let Some(profiles) = profiles {
        change(profiles);
    }
    write(&path, &document.to_string())
}

fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

fn document(path: &Path, text: &str) -> Result<DocumentMut, ConfigError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let message = error.message().to_owned();
        malformed(path, text, &error, &message)
    })
}

fn malformed(path: &Path, text: &str, error: &toml_edit::TomlError, message: &str) -> ConfigError {
    ConfigError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        }),
        message: message.to_owned(),
        suggestion: None,
    }
}

/// Writes beside the file and renames: a power cut leaves the old one or the new one. A new file
/// is its owner's alone; an existing one keeps its mode, and a link stays a link.
fn write(path: &Path, text: &str) -> Result<(), ConfigError> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let io = |source| ConfigError::Io {
        path: path.clone(),
        source,
    };
    refuse_exposed(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(io)?;
    let beside = path.with_extension("toml.new");
    // What an earlier attempt left, or somebody put there, is in no one's way.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside).map_err(io)?;
    if let Ok(before) = std::fs::metadata(path) {
        file.set_permissions(before.permissions()).map_err(io)?;
    }
    file.write_all(text.as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)?;
    std::fs::rename(&beside, path).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# Ours.
[profiles."Azure AD".entra]
tenant_id = "6f0c1c1a-0000-4000-8000-000000000000"   # Contoso
client_id = "0b9a4d5e-0000-4000-8000-000000000000"

# The site.
[profiles."Azure AD".jira]
site_url = "https://acme.atlassian.net"
admin_email = "admin@acme.example"
"#;

    fn editor(folder: &Path) -> Editor {
        let paths = Paths::new(Some(folder), Some(folder)).unwrap();
        std::fs::write(paths.config_file(), TEXT).unwrap();
        Editor::open(&paths).unwrap()
    }

    #[test]
    fn what_is_not_touched_stays_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut editor = editor(folder.path());
        assert_eq!(editor.text(), TEXT);
        let other = "7f0c1c1a-0000-4000-8000-000000000000";
        editor.set("Azure AD", "entra", "tenant_id", other.into());
        editor.set("Azure AD", "provisioning", "import_users", true.into());
        editor.save().unwrap();
        let text = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
        let expected = TEXT.replace("6f0c1c1a", "7f0c1c1a");
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.ends_with("[profiles.\"Azure AD\".provisioning]\nimport_users = true\n"));
        editor.unset("Azure AD", "provisioning", "import_users");
        assert!(!editor.text().contains("import_users"));
    }

    #[test]
    fn a_profile_is_renamed_with_its_secrets_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut editor = editor(folder.path());
        let paths = editor.paths.clone();
        let secret = SecretString::from("s3cret \"quoted\"");
        keep_secret(&paths, "Azure AD", SecretKind::JiraApiToken, &secret).unwrap();
        editor.rename("Azure AD", "Contoso");
        move_secrets(&paths, "Azure AD", Some("Contoso")).unwrap();
        assert_eq!(editor.profiles(), ["Contoso"]);
        assert!(editor.profile("Contoso").is_ok());
        let text = std::fs::read_to_string(paths.credentials_file()).unwrap();
        assert!(
            text.contains("Contoso") && !text.contains("Azure AD"),
            "{text}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(paths.credentials_file()).unwrap();
            assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        }
        editor.save().unwrap();
        editor = Editor::open(&paths).unwrap();
        editor.remove("Contoso");
        assert!(editor.profiles().is_empty());
        editor.save().unwrap();
    }

    #[test]
    fn tables_of_their_own_are_read_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(Some(folder.path()), Some(folder.path())).unwrap();
        let more = "[profiles.\"Azure AD\".names.map]\n\"Dev Team\" = \"dev\"\n";
        std::fs::write(paths.config_file(), format!("{TEXT}{more}")).unwrap();
        let mut editor = Editor::open(&paths).unwrap();
        let mut map = editor.get("Azure AD", "names", "map").unwrap();
        let table = map.as_inline_table_mut().unwrap();
        assert_eq!(table.get("Dev Team").and_then(Value::as_str), Some("dev"));
        table.insert("Ops", "ops".into());
        editor.set("Azure AD", "names", "map", map);
        let names = editor.profile("Azure AD").unwrap().settings.names;
        assert_eq!(names.map.len(), 2);
    }

    #[test]
    fn what_somebody_else_wrote_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let mut editor = editor(folder.path());
        editor.set("Azure AD", "provisioning", "import_users", true.into());
        let theirs = format!("{TEXT}# Theirs.\n");
        std::fs::write(editor.paths.config_file(), &theirs).unwrap();
        assert!(matches!(editor.save(), Err(ConfigError::Changed(_))));
        let text = std::fs::read_to_string(editor.paths.config_file()).unwrap();
        assert_eq!(text, theirs);
    }

    #[test]
    fn what_cannot_be_loaded_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut editor = editor(folder.path());
        editor.set("Azure AD", "entra", "tenant_id", "common".into());
        assert!(editor.save().is_err());
        let text = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
        assert_eq!(text, TEXT);
    }
}
