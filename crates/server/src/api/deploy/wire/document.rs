//! The shapes of Deploy's answers, for the API's documentation alone: their properties differ from type to type.

use utoipa::ToSchema;

/// A CI. Its properties stand beside these fields; in XML they are elements in one that is called as the type.
#[derive(ToSchema)]
#[schema(as = DeployCi)]
#[expect(dead_code, reason = "the API's documentation")]
pub(in crate::api) struct CiDocument {
    /// Where it is.
    #[schema(example = "Configuration/SMTPSERVERTEST")]
    id: String,
    /// Its type.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
    /// Its version: an update that sends another one is refused, and one without is made over any.
    #[schema(rename = "$token")]
    token: Option<String>,
    /// By whom it was made.
    #[schema(rename = "$createdBy")]
    created_by: Option<String>,
    /// When.
    #[schema(rename = "$createdAt", example = "2026-09-27T09:42:58.212+0000")]
    created_at: Option<String>,
    /// By whom it was changed last.
    #[schema(rename = "$lastModifiedBy")]
    last_modified_by: Option<String>,
    /// When.
    #[schema(rename = "$lastModifiedAt")]
    last_modified_at: Option<String>,
}

/// Where a CI is, and of which type.
#[derive(ToSchema)]
#[schema(as = DeployCiReference)]
#[expect(dead_code, reason = "the API's documentation")]
pub(in crate::api) struct CiReferenceDocument {
    /// Where it is.
    #[schema(example = "Configuration/SMTPSERVERTEST")]
    r#ref: String,
    /// Its type.
    #[schema(example = "notification.PatSmtpServer")]
    r#type: String,
}

/// Yes or no.
#[derive(ToSchema)]
#[schema(as = DeployBoolean)]
#[expect(dead_code, reason = "the API's documentation")]
pub(in crate::api) struct FlagDocument {
    /// Which.
    boolean: bool,
}

/// A text.
#[derive(ToSchema)]
#[schema(as = DeployString)]
#[expect(dead_code, reason = "the API's documentation")]
pub(in crate::api) struct TextDocument {
    /// Which.
    string: String,
}
