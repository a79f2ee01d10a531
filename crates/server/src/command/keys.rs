//! `patgate keys`.

use super::{Changed, CommandError, Workplace};
use crate::keys;
use crate::problem::Problem;
use crate::service::items;

/// Adds a sealing key to the key file. A server that runs uses it for the next secret. Returns its number.
///
/// # Errors
/// [`CommandError`] when the file cannot be changed, or has no room for another key.
pub async fn add(place: Workplace) -> Result<u32, CommandError> {
    let added = add_to_file(&place).await;
    place.close().await;
    added
}

/// Seals every stored secret anew with the newest sealing key. Returns how many had another one.
///
/// # Errors
/// [`CommandError`] when a secret cannot be opened; none is changed then.
pub async fn reseal(place: Workplace) -> Result<Changed<usize>, CommandError> {
    let (count, change) = items::reseal(&place.state, &place.actor).await?;
    Ok(place.finish(count, change).await)
}

/// [`add`], then [`reseal`]. Returns the number of the key, and how many secrets it sealed.
///
/// # Errors
/// As both. When the second fails, the key is there, and everything can be read as before.
pub async fn rotate(place: Workplace) -> Result<Changed<(u32, usize)>, CommandError> {
    let number = add_to_file(&place).await?;
    let (count, change) = items::reseal(&place.state, &place.actor).await?;
    Ok(place.finish((number, count), change).await)
}

async fn add_to_file(place: &Workplace) -> Result<u32, CommandError> {
    let in_use = place.state.store.sealing_keys().await.map_err(Problem::from)?;
    let file = place.state.sealer.file();
    keys::add_sealing_key(file, &in_use, &mut place.state.random.draw()).map_err(CommandError::Keys)
}
