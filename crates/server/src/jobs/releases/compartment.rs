//! Which scripts of releases may run in one process, one after the other.

use patgate_core::item::SecretText;
use patgate_core::release::{Release, RunAs, TaskKind};

use crate::script::Compartment;

/// That of the scripts of a release, while it has these passwords: those of releases with the same owner, the same user for automated
/// tasks, the same scripts and the same passwords share it. Whoever wrote a script that takes over its process has it in each of
/// these releases anyway. By its template one could not tell: others edit that, and the releases that wait to be started.
pub(super) fn compartment(release: &Release, passwords: &[SecretText]) -> Compartment {
    let run_as = release.run_as.as_ref().map(in_words).unwrap_or_default();
    let scripts = release.tasks().filter_map(|task| match &task.kind {
        TaskKind::Script { script } => Some(script.as_str()),
        TaskKind::Gate => None,
    });
    let scripts: Vec<_> = scripts.collect();
    // No script is taken for a password.
    let count = scripts.len().to_string();
    let owner = release.owner.to_string();
    let rest = scripts.into_iter().chain(passwords.iter().map(SecretText::reveal));
    Compartment::of([owner.as_str(), &run_as, &count].into_iter().chain(rest))
}

/// The credential, and who has entered it.
fn in_words(run_as: &RunAs) -> String {
    match run_as {
        RunAs::Token { grant, user, entered_by } => format!("token {grant} {user} {entered_by}"),
        RunAs::Password { user, version, entered_by } => format!("password {user} {version} {entered_by}"),
    }
}

#[cfg(test)]
mod tests {
    use patgate_core::identifier::{GrantId, UserId};

    use super::*;
    use crate::service::releases::example::planned;

    const ANN: UserId = UserId::from_i64(2);
    const BOB: UserId = UserId::from_i64(3);

    fn token(grant: i64, entered_by: i64) -> Option<RunAs> {
        let (grant, user) = (GrantId::from_i64(grant), UserId::from_i64(7));
        Some(RunAs::Token { grant, user, entered_by: UserId::from_i64(entered_by) })
    }

    fn password(version: i64) -> Option<RunAs> {
        Some(RunAs::Password { user: UserId::from_i64(7), version, entered_by: UserId::from_i64(1) })
    }

    fn release(id: &str, owner: UserId, scripts: &[&str]) -> Release {
        let kinds = scripts.iter().map(|&script| match script {
            "gate" => TaskKind::Gate,
            script => TaskKind::Script { script: script.to_owned() },
        });
        Release { id: id.parse().unwrap(), owner, run_as: token(1, 1), ..planned([kinds.collect()]) }
    }

    fn is_as_the_first(other: &Release, passwords: &[&str]) -> bool {
        let first = release("Release1", ANN, &["print(1)", "print(2)"]);
        let passwords: Vec<SecretText> = passwords.iter().map(|&password| password.into()).collect();
        compartment(&first, &["swordfish".into()]) == compartment(other, &passwords)
    }

    #[test]
    fn releases_that_are_given_the_same_share_a_compartment() {
        let scripts = ["print(1)", "print(2)"];
        let mut other = release("Release2", ANN, &scripts);
        other.title = "Ship it again".to_owned();
        assert!(is_as_the_first(&other, &["swordfish"]));
        assert!(is_as_the_first(
            &release("Release3", ANN, &["print(1)", "gate", "print(2)"]),
            &["swordfish"]
        ));
    }

    #[test]
    fn whatever_else_a_release_is_given_or_does_sets_it_apart() {
        let scripts = ["print(1)", "print(2)"];
        let same = || release("Release1", ANN, &scripts);
        for other in [
            release("Release1", BOB, &scripts),
            release("Release1", ANN, &["print(1)", "print(3)"]),
            release("Release1", ANN, &["print(1)"]),
            release("Release1", ANN, &["print(1)", "print(2)", "print(2)"]),
            Release { run_as: None, ..same() },
            Release { run_as: token(2, 1), ..same() },
            Release { run_as: token(1, 2), ..same() },
            Release { run_as: password(1), ..same() },
        ] {
            assert!(!is_as_the_first(&other, &["swordfish"]), "{other:?}");
        }
        for passwords in [&["another"][..], &["swordfish", "another"], &[]] {
            assert!(!is_as_the_first(&same(), passwords), "{passwords:?}");
        }
        // A script that says what the password is, and stands in its place.
        assert!(!is_as_the_first(&release("Release1", ANN, &["print(1)", "print(2)", "swordfish"]), &[]));
        let by_password = |version| compartment(&Release { run_as: password(version), ..same() }, &[]);
        assert!(by_password(1) != by_password(2));
    }
}
