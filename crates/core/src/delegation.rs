//! Who may change whom: nobody gives, takes or takes over more than they hold.
//!
//! The rules are about sets of permissions alone. That a change needs `security#edit`, and what it is made of, is for
//! the use case.

use crate::identifier::UserId;
use crate::permission::PermissionSet;

/// Whoever makes a change, as these rules see them.
#[derive(Clone, Copy, Debug)]
pub struct Changer {
    /// The user; `None` for somebody with a shell on the host.
    pub user: Option<UserId>,
    /// What they may do now; of a token, no more than the token carries.
    pub permissions: PermissionSet,
    /// Whether they use a token.
    pub by_token: bool,
    /// Whether a password may come of it. A token with a permission list, and any token while tokens may not make
    /// tokens, must leave nothing behind that opens more, or for longer, than the token itself.
    pub makes_passwords: bool,
}

/// Why a change reaches too far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overreach {
    /// The user holds permissions that the changer lacks.
    #[error("You lack permissions that this user has; ask an administrator")]
    User,
    /// The role has, or would have, permissions that the changer lacks.
    #[error("You lack permissions of this role; ask an administrator")]
    Role,
    /// A token would become a password, and outlive itself.
    #[error("A token cannot set the password of its owner; sign in, or send user name and password")]
    OwnPasswordByToken,
    /// A token would become a password of somebody else, and outlive itself.
    #[error(
        "This token cannot set passwords: it has a permission list, or tokens may not make tokens; sign in, or send \
         user name and password"
    )]
    PasswordByToken,
}

impl Changer {
    /// Somebody with a shell on the host, who has the database anyway.
    pub const COMMAND_LINE: Self =
        Self { user: None, permissions: PermissionSet::EVERY, by_token: false, makes_passwords: true };

    /// Whether this user is the changer.
    #[must_use]
    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }

    /// Whether the changer may make, change, disable, enable or delete a user who holds these permissions.
    ///
    /// # Errors
    /// [`Overreach::User`].
    pub fn may_change_user(&self, held: PermissionSet) -> Result<(), Overreach> {
        if held.is_subset(&self.permissions) { Ok(()) } else { Err(Overreach::User) }
    }

    /// Whether a password may come of what the changer does: one for a new user, or for one who is there.
    ///
    /// # Errors
    /// [`Overreach::PasswordByToken`].
    pub fn may_make_password(&self) -> Result<(), Overreach> {
        if self.makes_passwords { Ok(()) } else { Err(Overreach::PasswordByToken) }
    }

    /// Whether the changer may set the password of a user who holds these permissions.
    ///
    /// # Errors
    /// [`Overreach::OwnPasswordByToken`]; [`Overreach::PasswordByToken`]; [`Overreach::User`].
    pub fn may_set_password(&self, user: UserId, held: PermissionSet) -> Result<(), Overreach> {
        if self.by_token && self.is(user) {
            return Err(Overreach::OwnPasswordByToken);
        }
        self.may_make_password()?;
        self.may_change_user(held)
    }

    /// Whether the changer may turn a role with these permissions into one with those, whoever is in it: giving and
    /// taking, putting in and taking out all ask for everything that the role can do.
    ///
    /// # Errors
    /// [`Overreach::Role`].
    pub fn may_change_role(&self, before: PermissionSet, after: PermissionSet) -> Result<(), Overreach> {
        if before.union(&after).is_subset(&self.permissions) { Ok(()) } else { Err(Overreach::Role) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Catalog;

    fn set(ids: &[&str]) -> PermissionSet {
        let catalog = Catalog::new([]).unwrap();
        let ids: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
        catalog.effective(catalog.set(&ids))
    }

    fn changer(ids: &[&str]) -> Changer {
        Changer {
            user: Some(UserId::from_i64(1)),
            permissions: set(ids),
            by_token: false,
            makes_passwords: true,
        }
    }

    #[test]
    fn an_officer_changes_those_who_hold_no_more() {
        let officer = changer(&["security#edit", "login"]);
        assert_eq!(officer.may_change_user(set(&["login"])), Ok(()));
        assert_eq!(officer.may_change_user(set(&["security#edit", "login"])), Ok(()));
        assert_eq!(officer.may_change_user(set(&["audit#view"])), Err(Overreach::User));
        assert_eq!(officer.may_change_user(set(&["admin"])), Err(Overreach::User));
        assert_eq!(changer(&["admin"]).may_change_user(set(&["admin"])), Ok(()));
        assert_eq!(Changer::COMMAND_LINE.may_change_user(set(&["admin"])), Ok(()));
    }

    #[test]
    fn a_token_never_becomes_a_password_of_its_owner() {
        let person = changer(&["admin"]);
        let token = Changer { by_token: true, ..person };
        let (own, other) = (UserId::from_i64(1), UserId::from_i64(2));
        assert_eq!(person.may_set_password(own, set(&["admin"])), Ok(()));
        assert_eq!(token.may_set_password(own, set(&["admin"])), Err(Overreach::OwnPasswordByToken));
        assert_eq!(token.may_set_password(other, set(&["admin"])), Ok(()));
        let narrow = Changer { permissions: set(&["security#edit"]), ..token };
        assert_eq!(narrow.may_set_password(other, set(&["login"])), Err(Overreach::User));
        assert_eq!(Changer::COMMAND_LINE.may_set_password(own, set(&["admin"])), Ok(()));
    }

    #[test]
    fn a_token_that_makes_no_tokens_makes_no_passwords() {
        let token = Changer { by_token: true, makes_passwords: false, ..changer(&["admin"]) };
        let other = UserId::from_i64(2);
        assert_eq!(token.may_make_password(), Err(Overreach::PasswordByToken));
        assert_eq!(token.may_set_password(other, set(&[])), Err(Overreach::PasswordByToken));
        assert_eq!(token.may_change_user(set(&["login"])), Ok(()));
        assert_eq!(changer(&[]).may_make_password(), Ok(()));
        assert_eq!(Changer::COMMAND_LINE.may_make_password(), Ok(()));
    }

    #[test]
    fn a_role_is_changed_by_who_holds_what_it_had_and_what_it_gets() {
        let officer = changer(&["security#edit", "login"]);
        assert_eq!(officer.may_change_role(set(&[]), set(&["login"])), Ok(()));
        assert_eq!(
            officer.may_change_role(set(&["login"]), set(&["login", "audit#view"])),
            Err(Overreach::Role)
        );
        assert_eq!(officer.may_change_role(set(&["audit#view"]), set(&[])), Err(Overreach::Role));
        assert_eq!(officer.may_change_role(set(&[]), set(&["admin"])), Err(Overreach::Role));
        assert_eq!(changer(&["admin"]).may_change_role(set(&["admin"]), set(&["audit#view"])), Ok(()));
    }
}
