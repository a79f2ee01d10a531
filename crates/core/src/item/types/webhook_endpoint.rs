//! The types of webhook endpoints, with the properties and labels of Release's page first and our own after them.

use super::super::descriptor::{
    DefaultValue, Keeping, Kind, LeadsSecret, PropertyDescriptor, TextForm, TypeDescriptor, Unique,
};

/// The names of the properties.
pub mod property {
    /// Whether the endpoint takes requests.
    pub const ENABLED: &str = "enabled";
    /// The last segment of its URL.
    pub const PATH: &str = "path";
    /// How a caller proves who they are: a word of [`crate::webhook::Method`].
    pub const AUTHENTICATION: &str = "authentication";
    /// What the caller sends, as it is: a token.
    pub const SECRET_TOKEN: &str = "secretToken";
    /// The user name of Basic authentication.
    pub const USERNAME: &str = "username";
    /// The password of Basic authentication.
    pub const PASSWORD: &str = "password";
    /// With what the caller signs.
    pub const SIGNING_SECRET: &str = "signingSecret";
    /// With what callers signed before, and still may.
    pub const PREVIOUS_SIGNING_SECRET: &str = "previousSigningSecret";
    /// How many accepted requests are kept.
    pub const REQUEST_RETENTION: &str = "requestRetention";
    /// The most MiB that they take.
    pub const RETENTION_SIZE: &str = "retentionSize";
    /// For how many days they are kept.
    pub const RETENTION_DAYS: &str = "retentionDays";
    /// The most KiB of a body.
    pub const BODY_LIMIT: &str = "bodyLimit";
    /// The most accepted requests in a minute.
    pub const REQUESTS_PER_MINUTE: &str = "requestsPerMinute";
    /// For how many minutes an id that comes again is the same request.
    pub const DUPLICATE_WINDOW: &str = "duplicateWindow";
    /// What becomes of an accepted request: a word of [`crate::webhook::Action`].
    pub const ACTION: &str = "action";
    /// Of which template a release is started.
    pub const TEMPLATE: &str = "template";
    /// Where it is sent on to.
    pub const FORWARD_URL: &str = "forwardUrl";
    /// Headers that are sent with it.
    pub const FORWARD_HEADERS: &str = "forwardHeaders";
    /// The value of the header `Authorization` that is sent with it.
    pub const FORWARD_AUTHORIZATION: &str = "forwardAuthorizationSecret";
    /// With what it is signed.
    pub const FORWARD_SIGNING_SECRET: &str = "forwardSigningSecret";
}

/// The most MiB that the requests of an endpoint take which says nothing of it.
pub const USUAL_RETENTION_SIZE: u32 = 256;

/// A URL that takes JSON from outside.
pub static POST_WEBHOOK_ENDPOINT: TypeDescriptor = TypeDescriptor {
    name: "events.PostWebhookEndpoint",
    label: "HTTP Endpoint for Webhooks (POST)",
    description: "A URL that takes JSON from outside by POST, keeps it, and passes it on.",
    is_folder: false,
    properties: &[
        ENABLED,
        PATH,
        PropertyDescriptor {
            kind: Kind::Choice(&[
                ("token", "Token Authentication"),
                ("basic", "Basic authentication"),
                ("github", "GitHub signature"),
                ("gitlab", "GitLab token"),
                ("standard", "Standard Webhooks signature"),
                ("none", "No authentication"),
            ]),
            ..AUTHENTICATION
        },
        SECRET_TOKEN,
        USERNAME,
        PASSWORD,
        SIGNING_SECRET,
        PREVIOUS_SIGNING_SECRET,
        REQUEST_RETENTION,
        RETENTION_SIZE,
        RETENTION_DAYS,
        BODY_LIMIT,
        REQUESTS_PER_MINUTE,
        DUPLICATE_WINDOW,
        ACTION,
        TEMPLATE,
        FORWARD_URL,
        FORWARD_HEADERS,
        FORWARD_AUTHORIZATION,
        FORWARD_SIGNING_SECRET,
    ],
    unique: PATHS,
};

/// A URL that takes query parameters from outside.
pub static GET_WEBHOOK_ENDPOINT: TypeDescriptor = TypeDescriptor {
    name: "events.GetWebhookEndpoint",
    label: "HTTP Endpoint for Webhooks (GET)",
    description: "A URL that takes query parameters from outside by GET, keeps them, and passes them on.",
    is_folder: false,
    properties: &[
        ENABLED,
        PATH,
        PropertyDescriptor {
            kind: Kind::Choice(&[
                ("token", "Token Authentication"),
                ("basic", "Basic authentication"),
                ("none", "No authentication"),
            ]),
            ..AUTHENTICATION
        },
        SECRET_TOKEN,
        USERNAME,
        PASSWORD,
        REQUEST_RETENTION,
        RETENTION_SIZE,
        RETENTION_DAYS,
        REQUESTS_PER_MINUTE,
        DUPLICATE_WINDOW,
        ACTION,
        TEMPLATE,
        FORWARD_URL,
        FORWARD_HEADERS,
        FORWARD_AUTHORIZATION,
        FORWARD_SIGNING_SECRET,
    ],
    unique: PATHS,
};

const PATHS: Option<Unique> = Some(Unique { property: property::PATH, among: "webhook path" });

/// What a property is when it says nothing else: a text of one line that may be missing.
const PLAIN: PropertyDescriptor = PropertyDescriptor {
    name: "",
    label: "",
    description: "",
    category: "",
    kind: Kind::Text { longest: 200, form: TextForm::Any },
    is_required: false,
    default: DefaultValue::Nothing,
    leads_secret: LeadsSecret::No,
};

const ENABLED: PropertyDescriptor = PropertyDescriptor {
    name: property::ENABLED,
    label: "Enabled",
    description: "An endpoint that is not enabled answers as if it were not there.",
    category: "Endpoint",
    kind: Kind::Boolean,
    is_required: true,
    default: DefaultValue::Boolean(true),
    ..PLAIN
};

const PATH: PropertyDescriptor = PropertyDescriptor {
    name: property::PATH,
    label: "Endpoint Path",
    description: "The last segment of the URL, after `/webhooks/`. No two endpoints have the same.",
    category: "Endpoint",
    kind: Kind::Text { longest: 100, form: TextForm::PathSegment },
    is_required: true,
    ..PLAIN
};

const AUTHENTICATION: PropertyDescriptor = PropertyDescriptor {
    name: property::AUTHENTICATION,
    label: "Authentication Method",
    description: "How a caller proves who they are. The headers of Patgate's own API do not open an endpoint.",
    category: "Authentication",
    is_required: true,
    default: DefaultValue::Text("token"),
    ..PLAIN
};

const SECRET_TOKEN: PropertyDescriptor = PropertyDescriptor {
    name: property::SECRET_TOKEN,
    label: "Secret Token",
    description: "For Token Authentication (header `x-release-webhook-token`) and GitLab (`X-Gitlab-Token`): a personal \
                  access token, with which the endpoint opens and closes, or any other secret of 16 characters or \
                  more. No copy is stored.",
    category: "Authentication",
    kind: Kind::Secret { least: 16, longest: 1_000, keeping: Keeping::Digest },
    ..PLAIN
};

const USERNAME: PropertyDescriptor = PropertyDescriptor {
    name: property::USERNAME,
    label: "Username",
    description: "For Basic authentication.",
    category: "Authentication",
    ..PLAIN
};

const PASSWORD: PropertyDescriptor = PropertyDescriptor {
    name: property::PASSWORD,
    label: "Password",
    description: "For Basic authentication: 16 characters or more. No copy is stored.",
    category: "Authentication",
    kind: Kind::Secret { least: 16, longest: 1_000, keeping: Keeping::Digest },
    ..PLAIN
};

const SIGNING_SECRET: PropertyDescriptor = PropertyDescriptor {
    name: property::SIGNING_SECRET,
    label: "Signing Secret",
    description: "For signatures of GitHub (`X-Hub-Signature-256`) and Standard Webhooks (`whsec_…`): the secret that was \
                  entered, or shown, at the sender. Stored encrypted.",
    category: "Authentication",
    kind: Kind::Secret { least: 16, longest: 1_000, keeping: Keeping::ToCompute },
    ..PLAIN
};

const PREVIOUS_SIGNING_SECRET: PropertyDescriptor = PropertyDescriptor {
    name: property::PREVIOUS_SIGNING_SECRET,
    label: "Previous Signing Secret",
    description: "Taken as well, while the sender changes from one secret to the next. Forget it afterwards.",
    category: "Authentication",
    kind: Kind::Secret { least: 16, longest: 1_000, keeping: Keeping::ToCompute },
    ..PLAIN
};

const REQUEST_RETENTION: PropertyDescriptor = PropertyDescriptor {
    name: property::REQUEST_RETENTION,
    label: "Request Retention",
    description: "How many accepted requests are kept, the newest: 0 to 100,000.",
    category: "Requests",
    kind: Kind::Integer { least: 0, most: 100_000 },
    is_required: true,
    default: DefaultValue::Integer(100),
    ..PLAIN
};

const RETENTION_SIZE: PropertyDescriptor = PropertyDescriptor {
    name: property::RETENTION_SIZE,
    label: "Retention in MiB",
    description: "How much the kept requests take at most, their headers and parameters included: 1 to 102,400 MiB. When \
                  that is nearly reached, the oldest are forgotten until an eighth is free. Empty: 256.",
    category: "Requests",
    kind: Kind::Integer { least: 1, most: 102_400 },
    default: DefaultValue::Integer(USUAL_RETENTION_SIZE as i64),
    ..PLAIN
};

const RETENTION_DAYS: PropertyDescriptor = PropertyDescriptor {
    name: property::RETENTION_DAYS,
    label: "Retention in Days",
    description: "For how many days a request is kept at most: 1 to 3,650. Empty: as long as it is among the newest.",
    category: "Requests",
    kind: Kind::Integer { least: 1, most: 3_650 },
    ..PLAIN
};

const BODY_LIMIT: PropertyDescriptor = PropertyDescriptor {
    name: property::BODY_LIMIT,
    label: "Longest Body (KiB)",
    description: "A longer body is refused: 1 to 16,384 KiB.",
    category: "Requests",
    kind: Kind::Integer { least: 1, most: 16_384 },
    is_required: true,
    default: DefaultValue::Integer(1_024),
    ..PLAIN
};

const REQUESTS_PER_MINUTE: PropertyDescriptor = PropertyDescriptor {
    name: property::REQUESTS_PER_MINUTE,
    label: "Requests a Minute",
    description: "The most requests that are taken in a minute, on each node: 1 to 1,000,000. More are told to come later.",
    category: "Requests",
    kind: Kind::Integer { least: 1, most: 1_000_000 },
    is_required: true,
    default: DefaultValue::Integer(6_000),
    ..PLAIN
};

const DUPLICATE_WINDOW: PropertyDescriptor = PropertyDescriptor {
    name: property::DUPLICATE_WINDOW,
    label: "Duplicate Window (minutes)",
    description: "For how long a request with an id that was there before is answered, and not taken again: 0 (never) to \
                  10,080. The id is `webhook-id`, `X-GitHub-Delivery` or `Idempotency-Key`.",
    category: "Requests",
    kind: Kind::Integer { least: 0, most: 10_080 },
    is_required: true,
    default: DefaultValue::Integer(60),
    ..PLAIN
};

const ACTION: PropertyDescriptor = PropertyDescriptor {
    name: property::ACTION,
    label: "Then",
    description: "What becomes of an accepted request. The sender never waits for it.",
    category: "What happens then",
    kind: Kind::Choice(&[
        ("keep", "Keep it"),
        ("forward", "Forward it to a URL"),
        ("start", "Start a release"),
    ]),
    is_required: true,
    default: DefaultValue::Text("keep"),
    ..PLAIN
};

const TEMPLATE: PropertyDescriptor = PropertyDescriptor {
    name: property::TEMPLATE,
    label: "Template",
    description: "The id of the template of which each request starts a release, `Applications/Release…`, as it stands in the \
                  address of its page. It needs a user for automated tasks who may start releases, and the endpoint an \
                  authentication method. A body of 32 KiB at most is taken.",
    category: "What happens then",
    ..PLAIN
};

const FORWARD_URL: PropertyDescriptor = PropertyDescriptor {
    name: property::FORWARD_URL,
    label: "Forward to",
    description: "The http or https address that gets each request by POST. This machine, link-local addresses and \
                  Patgate's own ports are refused, unless the configuration file allows them.",
    category: "What happens then",
    kind: Kind::Text { longest: 2_000, form: TextForm::WebAddress },
    leads_secret: LeadsSecret::Yes,
    ..PLAIN
};

const FORWARD_HEADERS: PropertyDescriptor = PropertyDescriptor {
    name: property::FORWARD_HEADERS,
    label: "Headers",
    description: "Sent with each forwarded request.",
    category: "What happens then",
    kind: Kind::Map,
    ..PLAIN
};

const FORWARD_AUTHORIZATION: PropertyDescriptor = PropertyDescriptor {
    name: property::FORWARD_AUTHORIZATION,
    label: "Authorization",
    description: "The value of the header `Authorization` that is sent with each forwarded request. Stored encrypted.",
    category: "What happens then",
    kind: Kind::Secret { least: 1, longest: 4_000, keeping: Keeping::ToSend },
    ..PLAIN
};

const FORWARD_SIGNING_SECRET: PropertyDescriptor = PropertyDescriptor {
    name: property::FORWARD_SIGNING_SECRET,
    label: "Signing Secret of the Receiver",
    description: "Forwarded requests are signed with it, as Standard Webhooks has it. Stored encrypted.",
    category: "What happens then",
    kind: Kind::Secret { least: 16, longest: 1_000, keeping: Keeping::ToCompute },
    ..PLAIN
};
