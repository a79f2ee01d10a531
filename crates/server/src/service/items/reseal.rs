//! Sealing every stored secret anew: the second half of a rotation of keys.

use patgate_core::item::ItemId;
use patgate_store::{Actor, Sequence, StoredSecret};

use crate::problem::Problem;
use crate::sealing::{Purpose, SealFault};
use crate::state::AppState;

/// Seals every secret that another key has sealed with the newest one, in one change. Returns how many those were.
///
/// # Errors
/// 409 when one cannot be opened; nothing is changed then.
pub async fn reseal(state: &AppState, actor: &Actor) -> Result<(usize, Sequence), Problem> {
    state.sealer.refresh().await;
    let newest = state.sealer.newest().ok_or(SealFault::Unsealable)?;
    let mut change = state.change(actor).await?;
    let mut random = state.random.draw();
    let mut count = 0;
    for item in change.items_with_secrets().await? {
        let mut secrets = item.secrets.clone();
        for (property, stored) in &mut secrets {
            if let StoredSecret::Sealed(sealed) = stored
                && sealed.key != newest
            {
                let purpose = Purpose::Item { item: item.number, property };
                let opened = state.sealer.open(purpose, sealed);
                let secret = opened.map_err(|fault| unopened(&item.id, property, fault))?;
                *sealed = state.sealer.seal(purpose, &secret, &mut random)?;
                count += 1;
            }
        }
        if secrets != item.secrets {
            change.reseal_item(item.number, secrets).await?;
        }
    }
    for stored in change.releases_with_secrets().await? {
        let mut secrets = stored.secrets.clone();
        for (variable, secret) in &mut secrets {
            if let StoredSecret::Sealed(sealed) = secret
                && sealed.key != newest
            {
                let purpose = Purpose::Variable { release: stored.number, variable };
                let opened = state.sealer.open(purpose, sealed);
                let secret = opened.map_err(|fault| {
                    Problem::conflict(format!("A password of `{}`: {fault}", stored.release.id))
                })?;
                *sealed = state.sealer.seal(purpose, &secret, &mut random)?;
                count += 1;
            }
        }
        if secrets != stored.secrets {
            change.reseal_release(&stored, &secrets).await?;
        }
    }
    for (user, sealed) in change.refresh_tokens().await? {
        if sealed.key != newest {
            let purpose = Purpose::RefreshToken(user);
            // What does not open any more asks nothing of a provider either: the next sign-in brings another.
            let Ok(token) = state.sealer.open(purpose, &sealed) else { continue };
            change.keep_refresh_token(user, &state.sealer.seal(purpose, &token, &mut random)?).await?;
            count += 1;
        }
    }
    if count > 0 {
        change.forget_id_tokens().await?;
    }
    Ok((count, state.commit(change).await?))
}

fn unopened(item: &ItemId, property: &str, fault: SealFault) -> Problem {
    Problem::conflict(format!("`{property}` of `{item}`: {fault}"))
}
