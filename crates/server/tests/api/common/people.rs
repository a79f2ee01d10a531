//! People, and what they prove who they are with. They are put into the database as the server itself would have left
//! them.

use std::collections::BTreeSet;

use patgate_core::application::ApplicationName;
use patgate_core::confirmation::Confirmation;
use patgate_core::expiry::Expiry;
use patgate_core::grant::{Grant, GrantPermissions, GrantState, SuspensionReason};
use patgate_core::identifier::{GrantId, ItemNumber, RoleId, UserId};
use patgate_core::item::Value;
use patgate_core::permission::PermissionId;
use patgate_core::role::Role;
use patgate_core::token::{Digest, PlainToken, Prefix, TokenText};
use patgate_core::user::{INTERNAL_PROVIDER, Origin, Principal, PrincipalKind, User, UserState};
use patgate_server::password::{NewPassword, PasswordText};
use patgate_server::session::{CsrfToken, SessionSecret, cookie_name};
use patgate_store::{Actor, Change, NewItem, Session, StoredSecrets};
use rand_core::Rng;

use super::World;

/// The password of every internal user here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) username: String,
}

/// A token that was made, with its text.
#[derive(Clone, Debug)]
pub(crate) struct IssuedToken {
    pub(crate) id: GrantId,
    pub(crate) text: String,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// The `Cookie` line.
    pub(crate) cookie: String,
    /// What a change must show.
    pub(crate) csrf: String,
}

/// What a token shall be; by default for Release, with all permissions, for ever.
pub(crate) struct NewGrant<'n> {
    pub(crate) name: &'n str,
    pub(crate) application: &'n str,
    pub(crate) permissions: Option<&'n [&'n str]>,
    pub(crate) expires_at: Option<&'n str>,
}

impl Default for NewGrant<'_> {
    fn default() -> Self {
        Self { name: "nightly build", application: "release", permissions: None, expires_at: None }
    }
}

impl World {
    /// An internal user with [`PASSWORD`] who holds these permissions.
    pub(crate) async fn user(&self, name: &str, permissions: &[&str]) -> Person {
        self.user_from(name, Origin::Internal, INTERNAL_PROVIDER, permissions).await
    }

    /// A user of some origin who holds these permissions. Only internal ones have a password.
    pub(crate) async fn user_from(
        &self,
        name: &str,
        origin: Origin,
        provider: &str,
        permissions: &[&str],
    ) -> Person {
        let mut random = self.state.random.draw();
        let user = User {
            id: UserId::generate(&mut random),
            origin,
            provider: provider.to_owned(),
            subject: name.to_lowercase(),
            username: name.parse().unwrap(),
            full_name: format!("{name} Example"),
            email: format!("{name}@example.org"),
            groups: Vec::new(),
            state: UserState::Enabled,
            confirmation: Confirmation::Own,
            created_at: self.clock.now(),
            last_active_at: None,
        };
        let password = match origin {
            Origin::Internal => {
                let new = PasswordText::copy_of(PASSWORD);
                let new = NewPassword::for_user(&user.username, new).unwrap();
                Some(self.state.passwords.hash(&new, &mut random).await.unwrap())
            }
            Origin::Ldap | Origin::Sso => None,
        };
        let principal = Principal {
            username: user.username.clone(),
            fullname: None,
            kind: PrincipalKind::User,
            provider: provider.to_owned(),
        };
        let role = Role {
            id: RoleId::generate(&mut random),
            name: format!("{name}'s role").parse().unwrap(),
            principals: vec![principal],
            permissions: ids(permissions),
        };
        let mut change = self.change().await;
        change.insert_user(&user, password.as_ref()).await.unwrap();
        change.insert_role(&role).await.unwrap();
        self.commit(change).await;
        Person { id: user.id, username: name.to_owned() }
    }

    /// Gives the people of a provider's group the permission `login`, and one of Release's.
    pub(crate) async fn let_in(&self, group: &str, provider: &str) {
        self.role_of(PrincipalKind::Group, group, provider, &["login", "release#create"]).await;
    }

    /// The same for one user of a provider, who may not have been here yet.
    pub(crate) async fn let_in_user(&self, name: &str, provider: &str) {
        self.role_of(PrincipalKind::User, name, provider, &["login", "release#create"]).await;
    }

    /// Gives somebody or a group of a provider permissions, by a role of their own.
    pub(crate) async fn role_of(
        &self,
        kind: PrincipalKind,
        name: &str,
        provider: &str,
        permissions: &[&str],
    ) {
        let username = name.parse().unwrap();
        let role = Role {
            id: RoleId::generate(&mut self.state.random.draw()),
            name: format!("{name} of {provider}").parse().unwrap(),
            principals: vec![Principal { username, fullname: None, kind, provider: provider.to_owned() }],
            permissions: ids(permissions),
        };
        let mut change = self.change().await;
        change.insert_role(&role).await.unwrap();
        self.commit(change).await;
    }

    /// A token of somebody.
    pub(crate) async fn token(&self, owner: &Person, new: NewGrant<'_>) -> IssuedToken {
        let mut change = self.change().await;
        let token = self.issue(&mut change, owner, new).await;
        self.commit(change).await;
        token
    }

    /// So many tokens of somebody, for all applications, made at once.
    pub(crate) async fn tokens(&self, owner: &Person, count: usize) -> Vec<IssuedToken> {
        let (mut change, mut tokens) = (self.change().await, Vec::new());
        for _ in 0..count {
            let new = NewGrant { application: "any", ..NewGrant::default() };
            tokens.push(self.issue(&mut change, owner, new).await);
        }
        self.commit(change).await;
        tokens
    }

    async fn issue(&self, change: &mut Change, owner: &Person, new: NewGrant<'_>) -> IssuedToken {
        let mut random = self.state.random.draw();
        let application: ApplicationName = new.application.parse().unwrap();
        let slot = self.state.applications.slot(new.application).unwrap();
        let grant = Grant {
            id: GrantId::generate(&mut random),
            owner: owner.id,
            name: new.name.parse().unwrap(),
            application,
            permissions: match new.permissions {
                None => GrantPermissions::All,
                Some(permissions) => GrantPermissions::Chosen(ids(permissions)),
            },
            created_at: self.clock.now(),
            expires_at: new.expires_at.map_or(Expiry::NEVER, |at| Expiry::at(at.parse().unwrap()).unwrap()),
            state: GrantState::Active,
            last_use: None,
        };
        let token = PlainToken::generate(self.state.applications.prefix(slot).unwrap(), &mut random);
        let key = self.state.index.keys().newest();
        let digest = key.digest(TokenText::parse(token.reveal()).unwrap());
        change.insert_grant(&grant, key.id(), &digest).await.unwrap();
        IssuedToken { id: grant.id, text: token.reveal().to_owned() }
    }

    /// A grant with the digest of a token that nobody has, for tests that need many.
    pub(crate) fn grant_of(&self, owner: UserId) -> (Grant, Digest) {
        let mut random = self.state.random.draw();
        let mut digest = [0; 32];
        random.fill_bytes(&mut digest);
        let grant = Grant {
            id: GrantId::generate(&mut random),
            owner,
            name: "one of many".parse().unwrap(),
            application: "release".parse().unwrap(),
            permissions: GrantPermissions::All,
            created_at: self.clock.now(),
            expires_at: Expiry::NEVER,
            state: GrantState::Active,
            last_use: None,
        };
        (grant, Digest::from_bytes(digest))
    }

    /// A well-formed token that nobody has.
    pub(crate) fn never_stored(&self) -> IssuedToken {
        let mut random = self.state.random.draw();
        let token = PlainToken::generate(Prefix::ANY, &mut random);
        IssuedToken { id: GrantId::generate(&mut random), text: token.reveal().to_owned() }
    }

    /// Deletes a token.
    pub(crate) async fn delete_token(&self, token: &IssuedToken) {
        let mut change = self.change().await;
        change.set_grant_state(token.id, GrantState::Deleted { at: self.clock.now() }).await.unwrap();
        self.commit(change).await;
    }

    /// Suspends a token.
    pub(crate) async fn suspend(&self, token: &IssuedToken) {
        let state = GrantState::Suspended { at: self.clock.now(), reason: SuspensionReason::OverMaximum };
        let mut change = self.change().await;
        change.set_grant_state(token.id, state).await.unwrap();
        self.commit(change).await;
    }

    /// Disables a user.
    pub(crate) async fn disable(&self, person: &Person) {
        let mut change = self.change().await;
        change.disable_user(person.id).await.unwrap();
        self.commit(change).await;
    }

    /// A session of somebody.
    pub(crate) async fn session(&self, person: &Person) -> SignedIn {
        let mut random = self.state.random.draw();
        let secret = SessionSecret::generate(&mut random);
        let mut csrf_seed = [0; 32];
        random.fill_bytes(&mut csrf_seed);
        let name = person.username.parse().unwrap();
        let password = self.state.store.password(&name).await.unwrap();
        let session = Session {
            digest: *secret.digest().as_bytes(),
            user: person.id,
            created_at: self.clock.now(),
            seen_at: self.clock.now(),
            csrf_seed,
            address: None,
            user_agent: None,
            password_version: password.map_or(0, |password| password.version),
            provider: None,
        };
        let mut change = self.change().await;
        change.insert_session(&session).await.unwrap();
        self.commit(change).await;
        let line = secret.set_cookie(cookie_name(&self.state));
        let cookie = line.to_str().unwrap().split(';').next().unwrap().to_owned();
        SignedIn { cookie, csrf: CsrfToken::of_seed(&csrf_seed).reveal().to_owned() }
    }

    /// Ends all sessions of somebody.
    pub(crate) async fn end_sessions(&self, person: &Person) {
        let mut change = self.change().await;
        change.delete_sessions_of(person.id).await.unwrap();
        self.commit(change).await;
    }

    /// Makes the mail server `Configuration/SMTPSERVERTEST`, at which nobody listens. Its number.
    pub(crate) async fn idle_mail_server(&self) -> String {
        let text = |text: &str| Value::Text(text.to_owned());
        let properties = [
            ("host".to_owned(), text("127.0.0.1")),
            ("port".to_owned(), Value::Integer(1)),
            ("fromAddress".to_owned(), text("patgate@example.org")),
        ];
        let new = NewItem {
            number: ItemNumber::generate(&mut self.state.random.draw()),
            id: "Configuration/SMTPSERVERTEST".parse().unwrap(),
            type_name: "notification.PatSmtpServer".to_owned(),
            properties: properties.into(),
            secrets: StoredSecrets::new(),
        };
        let mut change = self.change().await;
        let item = change.insert_items(&[new]).await.unwrap().remove(0);
        self.commit(change).await;
        item.number.to_string()
    }

    /// A change in the name of the tests.
    pub(crate) async fn change(&self) -> Change {
        let actor = Actor::system("test");
        self.state.change(&actor).await.unwrap()
    }

    /// Puts a change in force.
    pub(crate) async fn commit(&self, change: Change) {
        self.state.commit(change).await.unwrap();
    }
}

fn ids(permissions: &[&str]) -> BTreeSet<PermissionId> {
    permissions.iter().map(|id| id.parse().unwrap()).collect()
}
