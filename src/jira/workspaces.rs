//! What a site's products are called as resources of the organization.

use super::error::JiraError;
use super::organization::{Organization, OrganizationPage};
use crate::directory::ProductKey;
use crate::http::{Call, Headway, Method, Origin, Repeat, Url, null_is_default};
use serde::Deserialize;
use serde_json::json;

const ENDPOINT: &str = "/v2/orgs/{orgId}/workspaces";
/// Rows of one page.
const LIMIT: u64 = 100;

/// A product of a site, as the organization speaks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its ARI, such as `ari:cloud:jira-software::site/…`.
    pub ari: String,
    /// The product's key, such as `jira-software`.
    pub product: String,
}

#[derive(Deserialize)]
struct Workspace {
    id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Attributes {
    #[serde(deserialize_with = "null_is_default")]
    type_key: String,
    #[serde(deserialize_with = "null_is_default")]
    host_url: String,
}

impl Workspace {
    /// Whether it stands on this site.
    fn is_on(&self, site: &Origin) -> bool {
        Url::parse(&self.attributes.host_url).is_ok_and(|url| site.holds(&url))
    }

    /// The product's key: as it is told, or as the ARI has it.
    fn product(&self) -> &str {
        let owner = self.id.strip_prefix("ari:cloud:").unwrap_or_default();
        let owner = owner.split(':').next().unwrap_or_default();
        match self.attributes.type_key.as_str() {
            "" => owner,
            told => told,
        }
    }
}

impl Organization {
    /// The products of a site as resources. The key needs the scope `read:workspaces:admin`, if it has
    /// scopes.
    pub async fn resources(&self, site: &Origin) -> Result<Vec<Resource>, JiraError> {
        let url = self
            .service
            .origin()
            .join(["admin", "v2", "orgs", self.id(), "workspaces"]);
        let mut body = json!({ "limit": LIMIT });
        let mut headway = Headway::of("the organization's products");
        let mut found = Vec::new();
        loop {
            let call =
                Call::new(Method::POST, ENDPOINT, url.clone(), Repeat::Safe).json(body.clone());
            let page: OrganizationPage<Workspace> =
                self.send("list the organization's products", call).await?;
            for workspace in &page.data {
                headway.row(&workspace.id);
                if workspace.is_on(site) {
                    found.push(Resource {
                        ari: workspace.id.clone(),
                        product: workspace.product().to_owned(),
                    });
                }
            }
            let Some(cursor) = page.next() else {
                return Ok(found);
            };
            headway.page()?;
            headway.link(&cursor)?;
            // A cursor stands alone there.
            body = json!({ "cursor": cursor });
        }
    }
}

/// The resources of these products, and those of them that the site does not have.
#[must_use]
pub fn resources_of<'a>(
    products: &'a [ProductKey],
    resources: &[Resource],
) -> (Vec<String>, Vec<&'a str>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for product in products {
        let resource = resources.iter().find(|r| r.product == product.as_str());
        match resource {
            Some(resource) => found.push(resource.ari.clone()),
            None => missing.push(product.as_str()),
        }
    }
    (found, missing)
}
