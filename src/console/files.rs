//! Reading and writing a profile's files.

use super::Place;
use super::event::{Loaded, Saved, Saving};
use crate::config::{self, ConfigError, Editor, SecretKind, environment_applies, secret_source};

/// Whether the environment's secrets are this profile's.
pub(super) fn environment(place: &Place, only: bool, profile: &str) -> bool {
    let named = place.named.as_deref() == Some(profile);
    !place.simulated && environment_applies(only, named)
}

/// Reads the configuration, and finds the profile to work on: the wanted one, or the first.
pub(super) fn load(place: &Place, wanted: Option<String>) -> Result<Loaded, ConfigError> {
    let paths = &place.paths;
    let editor = Editor::open(paths)?;
    let names = editor.profiles();
    if let Some(named) = place.named.as_ref().filter(|name| !names.contains(name)) {
        return Err(ConfigError::UnknownProfile {
            wanted: named.clone(),
            known: names,
        });
    }
    let profile = wanted
        .filter(|name| names.contains(name))
        .or_else(|| names.first().cloned());
    let sources = profile.as_deref().map_or([None; 3], |name| {
        let Ok(profile) = editor.profile(name) else {
            return [None; 3];
        };
        let environment = environment(place, names.len() == 1, name);
        [
            SecretKind::EntraClientSecret,
            SecretKind::JiraApiToken,
            SecretKind::OrgApiKey,
        ]
        .map(|kind| secret_source(kind, &profile, paths, environment))
    });
    Ok(Loaded {
        editor,
        profile,
        sources,
    })
}

/// Writes the configuration, then what follows the profile: its secrets and its state. What
/// can't be made whole is taken back.
pub(super) fn save(place: &mut Place, saving: Saving) -> Result<Saved, ConfigError> {
    let Saving {
        editor,
        before,
        profile,
        secrets,
        part,
        words,
    } = saving;
    let paths = place.paths.clone();
    editor.save()?;
    let follow = || -> Result<(), ConfigError> {
        match (&before, &profile) {
            (Some(before), Some(now)) if before != now => {
                config::move_profile(&paths, before, now)?;
                if let Err(error) = config::move_secrets(&paths, before, Some(now)) {
                    config::move_profile(&paths, now, before)?;
                    return Err(error);
                }
            }
            (Some(before), None) => config::move_secrets(&paths, before, None)?,
            _ => {}
        }
        if let Some(name) = &profile {
            for (kind, secret) in &secrets {
                config::keep_secret(&paths, name, *kind, secret)?;
            }
        }
        Ok(())
    };
    if let Err(error) = follow() {
        editor.take_back()?;
        return Err(error);
    }
    if before.is_some() && place.named == before {
        place.named.clone_from(&profile);
    }
    let loaded = load(place, profile)?;
    Ok(Saved {
        loaded,
        part,
        words,
    })
}
