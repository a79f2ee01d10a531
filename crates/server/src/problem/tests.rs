//! What people and programs read of a refusal.

use super::*;

#[tokio::test]
async fn a_client_that_reads_text_learns_the_field_and_what_to_do_as_well() {
    for (problem, text) in [
        (Problem::field("days", "1 to 3").hint("Send fewer"), "`days`: 1 to 3. Send fewer"),
        (Problem::field("days", "The field `days` is missing"), "The field `days` is missing"),
        (Problem::lacks("login"), "You do not have login permission"),
    ] {
        let body = problem.into_text_response().into_body();
        assert_eq!(axum::body::to_bytes(body, 1_000).await.unwrap(), text);
    }
}

#[test]
fn a_refusal_is_told_beside_its_field_without_naming_it_again() {
    let named = Problem::field("password", "The field `password`: a password has at least 8 characters");
    assert_eq!(named.sentence(), "A password has at least 8 characters.");
    assert_eq!(Problem::field("days", "`days`: 1 to 3").hint("Type one").sentence(), "1 to 3. Type one.");
    assert_eq!(Problem::conflict("the name `x` is taken").sentence(), "The name `x` is taken.");
    assert_eq!((sentence(""), sentence("why?")), (".".to_owned(), "Why?".to_owned()));
}
