//! Every request is one that the services' `OpenAPI` documents know, or stands in a short list with
//! its source.

use rollbook::simulator::Logged;
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// Calls that no document holds: method, path, source.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "POST",
        "/{tenant}/oauth2/v2.0/token",
        "Microsoft identity platform: OAuth 2.0 client credentials",
    ),
    (
        "GET",
        "/_edge/tenant_info",
        "Atlassian: how to find a site's cloudId",
    ),
];

struct Call {
    method: String,
    path: Vec<String>,
    parameters: Vec<(String, Option<u64>)>,
    body: Option<Value>,
}

struct Document {
    prefix: &'static str,
    calls: Vec<Call>,
}

fn documents() -> Option<&'static Vec<Document>> {
    static READ: OnceLock<Option<Vec<Document>>> = OnceLock::new();
    READ.get_or_init(|| {
        let folder = std::env::var_os("ROLLBOOK_SPECS")?;
        let folder = Path::new(&folder);
        Some(vec![
            document(folder, "graph-v1.json", "v1.0"),
            document(folder, "jira-v3.json", ""),
            document(folder, "atlassian-admin.json", "admin"),
        ])
    })
    .as_ref()
}

fn document(folder: &Path, file: &str, prefix: &'static str) -> Document {
    let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let root: Value = serde_json::from_str(&text).unwrap();
    let mut calls = Vec::new();
    for (path, methods) in root["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            let parameters = [&operation["parameters"], &methods["parameters"]]
                .into_iter()
                .filter_map(Value::as_array)
                .flatten()
                .map(|p| resolve(&root, p))
                .filter(|p| p["in"] == "query")
                .map(|p| {
                    let name = p["name"].as_str().unwrap().to_owned();
                    (name, p["schema"]["maximum"].as_u64())
                })
                .collect();
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            calls.push(Call {
                method: method.to_uppercase(),
                path: path.split('/').skip(1).map(str::to_owned).collect(),
                parameters,
                body: (!body.is_null()).then(|| resolve(&root, body).clone()),
            });
        }
    }
    Document { prefix, calls }
}

fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => root.pointer(&reference[1..]).expect("a reference"),
        None => value,
    }
}

/// Whether a segment of a path is that of a template, such as `users`, `{user-id}` or
/// `applications(appId='{appId}')`.
fn fits(template: &str, segment: &str) -> bool {
    match (template.find('{'), template.rfind('}')) {
        (Some(open), Some(close)) => {
            segment.len() > template.len() - (close - open + 1)
                && segment.starts_with(&template[..open])
                && segment.ends_with(&template[close + 1..])
        }
        _ => template == segment || template == format!("{segment}()"),
    }
}

fn find<'a>(documents: &'a [Document], method: &str, path: &[&str]) -> Option<&'a Call> {
    documents.iter().find_map(|document| {
        let path = if document.prefix.is_empty() {
            path
        } else {
            path.strip_prefix(&[document.prefix][..])?
        };
        // A literal segment counts more than a placeholder.
        document
            .calls
            .iter()
            .filter(|call| call.method == method && call.path.len() == path.len())
            .filter(|call| call.path.iter().zip(path).all(|(t, s)| fits(t, s)))
            .max_by_key(|call| call.path.iter().filter(|t| !t.contains('{')).count())
    })
}

/// Checks a log. Without `ROLLBOOK_SPECS` nothing is checked: the documents are not ours to ship.
pub fn check(log: &[Logged]) {
    let Some(documents) = documents() else { return };
    for request in log {
        let mut path: Vec<&str> = request.path.split('/').skip(1).collect();
        let elsewhere = ELSEWHERE.iter().any(|(method, template, _)| {
            let template: Vec<&str> = template.split('/').skip(1).collect();
            *method == request.method
                && template.len() == path.len()
                && template.iter().zip(&path).all(|(t, s)| fits(t, s))
        });
        if elsewhere {
            continue;
        }
        // The gateway's prefix: `/ex/jira/{cloudId}` before the site's own paths.
        if let ["ex", "jira", _, rest @ ..] = path.as_slice() {
            path = rest.to_vec();
        }
        let call = find(documents, &request.method, &path)
            .unwrap_or_else(|| panic!("no document knows {} {}", request.method, request.path));
        check_query(request, call);
        check_body(request, call);
    }
}

fn check_query(request: &Logged, call: &Call) {
    for (name, value) in &request.query {
        let known = call.parameters.iter().find(|(known, _)| known == name);
        let Some((_, most)) = known else {
            panic!(
                "{} {} has no parameter {name}",
                request.method, request.path
            );
        };
        if let (Some(most), Ok(value)) = (most, value.parse::<u64>()) {
            assert!(value <= *most, "{name}={value} is over {most}");
        }
    }
}

fn check_body(request: &Logged, call: &Call) {
    let Some(schema) = &call.body else { return };
    if schema.as_object().is_some_and(serde_json::Map::is_empty) {
        // Any JSON will do.
        return;
    }
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap_or("null")).unwrap();
    let sent = body.as_object().expect("a JSON object");
    let properties = schema["properties"].as_object();
    for name in sent.keys() {
        assert!(
            properties.is_some_and(|known| known.contains_key(name)),
            "{} {}: {name} is unknown",
            request.method,
            request.path
        );
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(
            sent.contains_key(required.as_str().unwrap()),
            "{required} is missing"
        );
    }
}

#[test]
fn an_unknown_call_is_noticed() {
    if documents().is_none() {
        return;
    }
    let request = |path: &str, query: &[(&str, &str)]| Logged {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        status: 200,
        at: std::time::Instant::now(),
        early: false,
        body: None,
    };
    check(&[request("/v1.0/users", &[("$top", "999")])]);
    for bad in [
        request("/v1.0/users", &[("$top", "1000")]),
        request("/v1.0/users", &[("$page", "1")]),
        request("/rest/api/3/members", &[]),
    ] {
        assert!(std::panic::catch_unwind(|| check(&[bad])).is_err());
    }
}
