//! How Deploy's clients are answered and read: in XML by default and in JSON when they ask for it.

mod accept;
mod ci;
mod document;
mod form;
mod page;
mod place;
mod received;
mod rows;

pub(in crate::api) use self::accept::{Answer, Document, Flag, Format, List, Text};
pub(in crate::api) use self::ci::{Ci, CiReference, Message, entity_missing, written};
pub(in crate::api) use self::document::{CiDocument, CiReferenceDocument, FlagDocument, TextDocument};
pub(in crate::api) use self::form::{CiForm, Ids, suited, version_of};
pub(in crate::api) use self::page::Asked;
pub(in crate::api) use self::place::Place;
pub(in crate::api) use self::received::{FromEither, Received};
pub(in crate::api) use self::rows::{Row, Source, Wanted, listed, numbered};
