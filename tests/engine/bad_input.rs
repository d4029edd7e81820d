//! Whatever is wrong: a clear sentence with what to do, the contract's exit code and error
//! document, nothing written, nothing lost.

use crate::world::{PROFILE, SMALL, World};
use serde_json::Value;

/// Runs a command that must fail, and checks the form of its error.
async fn fails(world: &World, arguments: &[&str], kind: &str) -> String {
    let writes = world.sim.world(|w| w.writes());
    let document = world.json(arguments, 1).await;
    let error = &document["error"];
    assert_eq!(document["version"], 1);
    assert_eq!(error["kind"], kind, "{document}");
    let (message, hint) = (
        error["message"].as_str().unwrap(),
        error["hint"].as_str().unwrap(),
    );
    assert!(message.len() > 20 && hint.len() > 10, "{document}");
    assert!(error["ids"].is_object());
    assert_eq!(
        world.sim.world(|w| w.writes()),
        writes,
        "something was written"
    );
    let text = world.run(arguments).await.expect(1);
    assert!(text.err.starts_with("rollbook: "), "{}", text.err);
    format!("{message} {hint} {}", error["ids"])
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_of_entra() {
    let mut world = World::new(SMALL).await;
    let id = world.sim.world(|w| w.entra.secret_id.clone());
    let right = world.sim.world(|w| w.entra.secret.clone());
    world.set("ROLLBOOK_ENTRA_CLIENT_SECRET", &id);
    let words = fails(&world, &["plan"], "entra-credentials").await;
    assert!(words.contains("ID") && words.contains("Value") && words.contains("AADSTS7000215"));
    assert!(words.contains("trace-id") && words.contains("correlation-id"));
    world.set("ROLLBOOK_ENTRA_CLIENT_SECRET", &right);
    for (code, word) in [
        (7_000_222, "expired"),
        (700_016, "client id"),
        (90_002, "tenant"),
        (65_001, "consent"),
        (53_003, "Conditional Access"),
        (7_000_112, "disabled"),
        (90_038, "cloud"),
        (999_999, "Entra gave no token"),
    ] {
        world.sim.world(|w| w.faults.token_error = Some(code));
        let words = fails(&world, &["plan"], "entra-credentials").await;
        assert!(words.contains(word), "{code}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_roles_is_explained() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.no_roles = true);
    let words = fails(&world, &["plan"], "entra-permission").await;
    assert!(
        words.contains("Application permissions") && words.contains("User.Read.All"),
        "{words}"
    );
    let check = world.json(&["check"], 1).await;
    assert_eq!(check["ok"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_of_jira() {
    let world = World::new(SMALL).await;
    world.sim.world(|w| w.faults.bad_api_token = true);
    let words = fails(&world, &["plan"], "jira-credentials").await;
    assert!(words.contains("id.atlassian.com"), "{words}");
    world.sim.world(|w| {
        w.faults.bad_api_token = false;
        w.faults.captcha = true;
    });
    let words = fails(&world, &["plan"], "jira-credentials").await;
    assert!(words.contains("browser"), "{words}");
    world.sim.world(|w| {
        w.faults.captcha = false;
        w.faults.not_admin = true;
    });
    let words = fails(&world, &["plan"], "jira-permission").await;
    assert!(words.contains("admin.atlassian.com"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_in_the_middle_is_no_empty_answer() {
    let world = World::new(SMALL).await;
    world.apply_all(0).await;
    world.sim.world(|w| {
        let ids: Vec<String> = w.entra.users.keys().take(5).cloned().collect();
        for id in ids {
            w.edit_user(&id, |user| user.enabled = false);
        }
    });
    for after in [1, 2, 5, 9] {
        world.sim.world(|w| {
            let sent = w
                .log
                .iter()
                .filter(|r| !r.path.starts_with("/v1.0"))
                .count() as u64;
            w.faults.api_token_ends_after = Some(sent + after);
        });
        let writes = world.sim.world(|w| w.writes());
        let document = world.json(&["apply", "--yes"], 1).await;
        assert_eq!(
            document["error"]["kind"], "jira-credentials",
            "{after}: {document}"
        );
        assert_eq!(world.sim.world(|w| w.writes()), writes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_there_or_is_something_else() {
    let world = World::new(SMALL).await;
    let config = world.sim.config(PROFILE);
    let origin = world.sim.origin();
    let site = format!("site_url = \"{origin}\"");
    world.configure(
        &config.replace(&site, "site_url = \"http://127.0.0.1:9\""),
        "",
    );
    let words = fails(&world, &["plan"], "connection").await;
    assert!(words.contains("127.0.0.1:9"), "{words}");
    // A host that answers without TLS where https is configured.
    let tls = origin.replace("http://", "https://");
    world.configure(&config.replace(&site, &format!("site_url = \"{tls}\"")), "");
    let document = world.json(&["plan"], 1).await;
    let kind = document["error"]["kind"].as_str().unwrap();
    assert!(["tls", "connection"].contains(&kind), "{document}");
    world.configure(&config, "");
    world
        .sim
        .world(|w| w.faults.redirect = Some("https://evil.example/login".to_owned()));
    let document = world.json(&["plan"], 1).await;
    assert!(
        ["redirect", "jira-site"].contains(&document["error"]["kind"].as_str().unwrap()),
        "{document}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_configurations() {
    let world = World::new(SMALL).await;
    let config = world.sim.config(PROFILE);
    for (from, to, word) in [
        ("import_users = true", "import_user = true", "import_users"),
        ("import_users = true", "import_users = \"yes\"", "line"),
        (
            "import_users = true",
            "import_users = true\ninclude = [",
            "line",
        ),
        ("site_url = \"http", "site_url = \"ftp", "site_url"),
        (
            "site_url = \"http://127.0.0.1",
            "site_url = \"http://acme.atlassian.net",
            "https",
        ),
        (
            "tenant_id = \"",
            "tenant_id = \"not a tenant",
            "Directory (tenant) ID",
        ),
        (
            "client_id = \"",
            "client_id = \"x",
            "Application (client) ID",
        ),
        (
            "sync_memberships = true",
            "sync_memberships = true\nleavers = \"suspended\"",
            "suspend",
        ),
        (
            "sync_memberships = true",
            "sync_memberships = true\nproducts = [\"jira-sofware\"]",
            "jira-software",
        ),
    ] {
        assert!(config.contains(from), "{from}");
        world.configure(&config.replace(from, to), "");
        let words = fails(&world, &["plan"], "config").await;
        assert!(words.contains(word), "{word}: {words}");
    }
    std::fs::remove_file(world.config_dir().join("config.toml")).unwrap();
    let words = fails(&world, &["plan"], "config").await;
    assert!(words.contains("config.toml"), "{words}");
    assert_eq!(
        world.sim.world(|w| w.log.len()),
        0,
        "nothing was even asked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_profiles_need_a_name() {
    let mut world = World::new(SMALL).await;
    let config = world.sim.config(PROFILE) + &world.sim.config("Other");
    world.configure(&config, "");
    let words = fails(&world, &["plan"], "config").await;
    assert!(
        words.contains("--profile") && words.contains("Other"),
        "{words}"
    );
    let words = fails(&world, &["plan", "--profile", "Azure"], "config").await;
    assert!(words.contains("Azure AD"), "{words}");
    world.run(&["plan", "--profile", "Other"]).await.expect(0);
    world.set("ROLLBOOK_JIRA_API_TOKEN", "");
    let words = fails(&world, &["plan", "--profile", "Other"], "secret").await;
    assert!(words.contains("ROLLBOOK_JIRA_API_TOKEN"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_from_a_file_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::new(SMALL).await;
    let [(_, secret), (_, token)] = world.sim.environment();
    world.set("ROLLBOOK_ENTRA_CLIENT_SECRET", "");
    world.set("ROLLBOOK_JIRA_API_TOKEN", "");
    let file = world.config_dir().join("credentials.toml");
    let text = format!(
        "[profiles.\"{PROFILE}\"]\nentra_client_secret = \"{secret}\"\njira_api_token = \"{token}\"\n"
    );
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let words = fails(&world, &["plan"], "secret").await;
    assert!(words.contains("chmod 600"), "{words}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["plan"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_or_site_under_an_old_state() {
    let world = World::new(SMALL).await;
    world.run(&["plan"]).await.expect(0);
    world.sim.world(|w| w.jira.cloud_id = "another".to_owned());
    let words = fails(&world, &["apply", "--yes"], "identity-changed").await;
    assert!(words.contains("another"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask() {
    let world = World::new(SMALL).await;
    let words = fails(&world, &["apply"], "no-terminal").await;
    assert!(words.contains("--yes"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage() {
    let world = World::new(SMALL).await;
    for arguments in [&["planning"][..], &["plan", "--nonsense"], &["show"]] {
        world.run(arguments).await.expect(2);
    }
    // Without a command the console opens, which needs a terminal.
    let words = fails(&world, &[], "no-terminal").await;
    assert!(words.contains("rollbook --help"), "{words}");
    let unknown = world.json(&["show", "nothing"], 1).await;
    assert_eq!(unknown["error"]["kind"], Value::from("unknown-run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_shows_what_has_an_effect_and_usage_is_told_in_the_form_asked_for() {
    let world = World::new(SMALL).await;
    let help = async |command| world.run(&[command, "--help"]).await.expect(0).out;
    let (apply, runs) = (help("apply").await, help("runs").await);
    for shown in [
        "--yes",
        "--allow",
        "--full",
        "new-people",
        "ROLLBOOK_JIRA_API_TOKEN",
        "Exit codes",
        "Example",
    ] {
        assert!(apply.contains(shown), "{shown}: {apply}");
    }
    for hidden in ["--yes", "--allow", "--full"] {
        assert!(!runs.contains(hidden), "{hidden}: {runs}");
    }
    // What is hidden is not wrong, wherever it stands.
    world.run(&["--yes", "runs", "--full"]).await.expect(0);
    let error = &world.json(&["plan", "--allow", "everything"], 2).await["error"];
    assert_eq!(error["kind"], "usage");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("new-people=263"),
        "{error}"
    );
}
