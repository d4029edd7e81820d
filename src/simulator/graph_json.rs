//! Users, groups and errors as Graph writes them.

use super::wire::Reply;
use super::world::{EntraUser, Tenant};
use serde_json::{Map, Value, json};

/// Graph's error shape.
pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    let id = format!("{:032x}", fastrand::u128(..));
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": message, "innerError": {
            "date": "2026-01-01T00:00:00", "request-id": id, "client-request-id": id}}}),
    )
    .header("request-id", id)
}

/// A user with the selected properties. Some come back only when they are selected.
pub(super) fn user_json(user: &EntraUser, select: Option<&str>) -> Value {
    let all = json!({
        "id": user.id,
        "displayName": user.name,
        "mail": user.mail,
        "userPrincipalName": user.upn,
        "accountEnabled": user.enabled,
        "userType": user.user_type,
        "assignedLicenses": if user.licensed { json!([{"skuId": "sku", "disabledPlans": []}]) } else { json!([]) },
    });
    let wanted = select.unwrap_or("id,displayName,mail,userPrincipalName");
    let mut out = Map::new();
    for name in wanted.split(',').chain(["id"]) {
        if let Some(value) = all.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(out)
}

/// A user as an application sees them that may not read users: the id, and null for the rest.
pub(super) fn bare(user: &EntraUser, select: Option<&str>) -> Value {
    let mut out = user_json(user, select);
    if let Some(fields) = out.as_object_mut() {
        fields.retain(|name, _| name == "id");
        for name in select.unwrap_or_default().split(',') {
            fields.entry(name).or_insert(Value::Null);
        }
        fields.insert("@odata.type".to_owned(), json!("#microsoft.graph.user"));
    }
    out
}

/// A group's properties.
pub(super) fn group_json(entra: &Tenant, id: &str) -> Option<Value> {
    let group = entra.groups.get(id)?;
    Some(json!({
        "id": group.id,
        "displayName": group.name,
        "groupTypes": group.types,
        "securityEnabled": group.security,
        "mailEnabled": group.mail,
        "visibility": group.visibility,
    }))
}
