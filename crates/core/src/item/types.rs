//! The types there are. A new one is a descriptor and an entry in [`TYPES`].

use super::descriptor::{DefaultValue, Kind, LeadsSecret, PropertyDescriptor, TextForm, TypeDescriptor};
use super::mail_security;

/// Every type, in the order of the menu.
pub static TYPES: &[&TypeDescriptor] = &[&FOLDER, &MAIL_SERVER];

/// The type of this name. Its case counts, as the vendor's does.
#[must_use]
pub fn descriptor(name: &str) -> Option<&'static TypeDescriptor> {
    TYPES.iter().copied().find(|known| known.name == name)
}

/// A folder.
pub static FOLDER: TypeDescriptor = TypeDescriptor {
    name: "core.Directory",
    label: "Folder",
    description: "Holds configuration items and other folders.",
    is_folder: true,
    properties: &[],
};

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
            kind: Kind::Secret { longest: 1_000 },
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
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn types_and_properties_have_names_of_their_own() {
        let names: BTreeSet<_> = TYPES.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), TYPES.len());
        for known in TYPES {
            assert!(!known.area().is_empty() && !known.simple_name().is_empty(), "{}", known.name);
            let names: BTreeSet<_> = known.properties.iter().map(|property| property.name).collect();
            assert_eq!(names.len(), known.properties.len(), "{}", known.name);
            for property in known.properties {
                // Pages leave fields with such names out of addresses.
                let has_name = property.name.to_lowercase().contains("password");
                assert!(has_name || !property.is_secret(), "{}: {}", known.name, property.name);
                // What a form calls its own fields.
                assert!(
                    !["name", "folder", "type", "version", "csrf", "forget", "sent"].contains(&property.name)
                );
            }
        }
    }

    #[test]
    fn properties_of_a_category_stand_together() {
        for known in TYPES {
            let mut seen: Vec<&str> = Vec::new();
            for property in known.properties {
                if seen.last() != Some(&property.category) {
                    assert!(!seen.contains(&property.category), "{}: {}", known.name, property.category);
                    seen.push(property.category);
                }
            }
        }
    }

    #[test]
    fn a_type_is_found_by_its_name() {
        assert_eq!(descriptor("notification.PatSmtpServer").unwrap().area(), "notification");
        assert!(descriptor("notification.patsmtpserver").is_none());
    }
}
