//! The type of mail servers.

use super::super::descriptor::{
    DefaultValue, Keeping, Kind, LeadsSecret, PropertyDescriptor, TextForm, TypeDescriptor,
};
use super::super::mail_security;

/// A mail server, with the properties and labels of Deploy's page.
pub static MAIL_SERVER: TypeDescriptor = TypeDescriptor {
    name: "notification.PatSmtpServer",
    label: "Mail server",
    description: "Sends the mail before a personal access token expires.",
    is_folder: false,
    properties: &[
        PropertyDescriptor {
            name: "host",
            label: "Host",
            description: "The name or the address of the SMTP server.",
            category: "Server",
            kind: Kind::Text { longest: 253, form: TextForm::Host },
            is_required: true,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::Yes,
        },
        PropertyDescriptor {
            name: "port",
            label: "Port",
            description: "465 speaks TLS from the start. 587 begins in clear and must change to TLS (STARTTLS). 25, and \
                          every other port, changes to TLS when the server offers it. SMTP properties can say otherwise.",
            category: "Server",
            kind: Kind::Integer { least: 1, most: 65_535 },
            is_required: true,
            default: DefaultValue::Integer(587),
            leads_secret: LeadsSecret::No,
        },
        PropertyDescriptor {
            name: "username",
            label: "Username",
            description: "With which Patgate logs in at the server. Empty: it does not log in.",
            category: "Authentication",
            kind: Kind::Text { longest: 320, form: TextForm::Any },
            is_required: false,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::Yes,
        },
        PropertyDescriptor {
            name: "password",
            label: "Password",
            description: "Stored encrypted and never shown again.",
            category: "Authentication",
            kind: Kind::Secret { least: 1, longest: 1_000, keeping: Keeping::ToSend },
            is_required: false,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::No,
        },
        PropertyDescriptor {
            name: "fromAddress",
            label: "From Address",
            description: "The sender of the mails. Many servers take no address but the account's own.",
            category: "Addresses",
            kind: Kind::Text { longest: 320, form: TextForm::MailAddress },
            is_required: true,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::No,
        },
        PropertyDescriptor {
            name: "testAddress",
            label: "Test Address",
            description: "Who gets the test mail.",
            category: "Addresses",
            kind: Kind::Text { longest: 320, form: TextForm::MailAddress },
            is_required: false,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::No,
        },
        PropertyDescriptor {
            name: "smtpProperties",
            label: "SMTP Properties",
            description: "JavaMail properties, such as mail.smtp.starttls.required=true or mail.smtp.timeout=10000. One \
                          that Patgate does not know is kept, and named in a warning.",
            category: "Advanced",
            kind: Kind::Map,
            is_required: false,
            default: DefaultValue::Nothing,
            leads_secret: LeadsSecret::When(mail_security::leads_elsewhere),
        },
    ],
    unique: None,
};
