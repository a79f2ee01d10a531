//! `patgate token`.

use patgate_server::command::tokens::{self, MadeToken, TokenRow, TokensWanted};
use patgate_server::service::tokens::TokenRequest;

use crate::arguments::{NewToken, Token};
use crate::failure::Failure;
use crate::output::{Table, print, tell};
use crate::workplace::{change, work};

/// Makes, lists or deletes tokens.
pub(crate) fn run(command: Token) -> Result<(), Failure> {
    match command {
        Token::Create(arguments) => create(arguments),
        Token::List { place, owner, search, application } => {
            let wanted = TokensWanted { owner, search, application };
            let mut table =
                Table::new(["ID", "NAME", "OWNER", "APPLICATION", "EXPIRES", "STATE", "LAST USED"]);
            let show = |rows: Vec<TokenRow>| table.write(rows.into_iter().map(cells).collect());
            work(place, async |place| tokens::list(place, wanted, show).await)?;
            table.end()
        }
        Token::Delete { place, id } => change(
            place,
            async |place| tokens::delete(place, &id).await,
            |()| {
                tell(&format!("The token `{id}` is deleted and passes nowhere any more."));
                Ok(())
            },
        ),
    }
}

fn create(arguments: NewToken) -> Result<(), Failure> {
    let NewToken {
        place,
        owner,
        name,
        application,
        expires_in_days,
        expires_at,
        permissions,
        no_permissions,
    } = arguments;
    let global_permissions = (no_permissions || !permissions.is_empty()).then_some(permissions);
    let request = TokenRequest {
        token_note: name,
        expires_at,
        expiry_date: None,
        expires_in_days,
        global_permissions,
        application,
    };
    change(place, async |place| tokens::create(place, &owner, request).await, show)
}

/// The token alone goes to the output, so that a script can take it.
fn show(MadeToken { token, row }: MadeToken) -> Result<(), Failure> {
    let ends = row.expires_at.map_or_else(|| "never expires".to_owned(), |at| format!("expires at {at}"));
    tell(&format!(
        "The token `{}` (id `{}`) of `{}` for `{}` {ends}. It is shown now and never again:",
        row.name, row.id, row.owner, row.application
    ));
    print(token.reveal())?;
    print("\n")
}

fn cells(row: TokenRow) -> [String; 7] {
    let expires = row.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let last_used = row.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    [row.id, row.name, row.owner, row.application, expires, row.state.to_owned(), last_used]
}
