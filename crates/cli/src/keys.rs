//! `patgate keys`.

use patgate_server::command::keys;

use crate::arguments::Keys;
use crate::failure::Failure;
use crate::output::tell;
use crate::workplace::{change, work};

/// Rotates the keys that encrypt stored secrets.
pub(crate) fn run(command: Keys) -> Result<(), Failure> {
    match command {
        Keys::Rotate { place } => change(place, keys::rotate, |(number, count)| {
            tell(&format!("The sealing key {number} is in the key file. {}", resealed(count)));
            tell("hint: back the key file up now, and keep the old backup for old backups of the database");
            Ok(())
        }),
        Keys::Add { place } => {
            let number = work(place, keys::add)?;
            tell(&format!("The sealing key {number} is in the key file."));
            tell("hint: copy the file to all nodes, then run `patgate keys reseal`");
            Ok(())
        }
        Keys::Reseal { place } => change(place, keys::reseal, |count| {
            tell(&resealed(count));
            Ok(())
        }),
    }
}

fn resealed(count: usize) -> String {
    match count {
        0 => "No stored secret needed it.".to_owned(),
        1 => "1 stored secret is encrypted anew.".to_owned(),
        count => format!("{count} stored secrets are encrypted anew."),
    }
}
