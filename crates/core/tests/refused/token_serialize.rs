//! A plain token cannot be written into an answer by accident.

fn answer(token: &patgate_core::token::PlainToken, serializer: impl serde::Serializer) {
    let _ = serde::Serialize::serialize(token, serializer);
}

fn main() {}
