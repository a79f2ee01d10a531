//! The types there are. A new one is a descriptor and an entry in [`TYPES`].

mod mail_server;
mod webhook_endpoint;

pub use self::mail_server::MAIL_SERVER;
pub use self::webhook_endpoint::{
    GET_WEBHOOK_ENDPOINT, POST_WEBHOOK_ENDPOINT, USUAL_RETENTION_SIZE, property as webhook_property,
};
use super::descriptor::TypeDescriptor;

/// Every type, in the order of the menu.
pub static TYPES: &[&TypeDescriptor] =
    &[&FOLDER, &MAIL_SERVER, &POST_WEBHOOK_ENDPOINT, &GET_WEBHOOK_ENDPOINT];

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
    unique: None,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Kind;
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
                let lower = property.name.to_lowercase();
                let has_name = ["password", "secret"].iter().any(|word| lower.contains(word));
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
    fn what_is_unique_is_a_text_that_every_item_has() {
        for known in TYPES {
            let Some(unique) = known.unique else { continue };
            let property = known.property(unique.property).unwrap();
            assert!(matches!(property.kind, Kind::Text { .. }) && property.is_required, "{}", known.name);
        }
    }

    #[test]
    fn a_type_is_found_by_its_name() {
        assert_eq!(descriptor("notification.PatSmtpServer").unwrap().area(), "notification");
        assert!(descriptor("notification.patsmtpserver").is_none());
    }
}
