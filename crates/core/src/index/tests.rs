//! What a token opens, and what closes it: the verdict over a small index.

use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::application::{ApplicationSlot, Applications};
use crate::confirmation::{Confirmation, FreshnessWindows, Withdrawal};
use crate::expiry::Expiry;
use crate::grant::SuspensionReason;
use crate::permission::{Catalog, PermissionSet};
use crate::policy::Days;
use crate::policy::origin::{Origins, Row, Rows};
use crate::token::{DigestKey, PlainToken, Prefix};
use crate::user::{INTERNAL_PROVIDER, Origin, User, UserState};
use crate::verify::{Demand, Denied, Surface, admit, verify};

struct World {
    index: Index,
    catalog: Catalog,
    token: PlainToken,
    record: GrantRecord,
    user: User,
}

const EVERY: Demand = Demand { surface: Surface::Every, permission: None };
const RELEASE: Demand = Demand { surface: Surface::Application(ApplicationSlot::RELEASE), permission: None };

fn now() -> Timestamp {
    "2026-05-03T12:00:00Z".parse().unwrap()
}

impl World {
    /// Ann, who holds `login` and `release#view`, and one token of hers for any application.
    fn new() -> Self {
        let world = Self {
            index: Index::new(
                DigestKeys::new(vec![DigestKey::new(1, [1; 32]), DigestKey::new(2, [2; 32])]).unwrap(),
            ),
            catalog: Catalog::new([]).unwrap(),
            token: PlainToken::generate(Prefix::ANY, &mut ChaCha20Rng::seed_from_u64(1)),
            record: GrantRecord {
                id: GrantId::from_i64(7),
                owner: UserId::from_i64(1),
                name: "ci".into(),
                application: ApplicationSlot::ANY,
                permissions: None,
                expires_at: Expiry::NEVER,
                standing: Standing::Active,
                left_working: Rows::NONE,
            },
            user: User {
                id: UserId::from_i64(1),
                origin: Origin::Internal,
                provider: INTERNAL_PROVIDER.into(),
                subject: "1".into(),
                username: "Änn".parse().unwrap(),
                full_name: "Ann".into(),
                email: "ann@example.org".into(),
                groups: vec!["a,b".into(), "ops".into()],
                state: UserState::Enabled,
                confirmation: Confirmation::Own,
                created_at: now(),
                last_active_at: None,
            },
        };
        world.put_owner(&["login", "release#view"]);
        world.put_grant();
        world
    }

    fn permissions(&self, ids: &[&str]) -> PermissionSet {
        let ids: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
        self.catalog.set(&ids)
    }

    fn put_owner(&self, held: &[&str]) {
        self.index
            .put_owner(self.user.id, OwnerFacts::new(&self.user, self.permissions(held), &self.catalog));
    }

    fn put_grant(&self) {
        let digest = self.index.keys().newest().digest(TokenText::parse(self.token.reveal()).unwrap());
        self.index.put_grant([&digest], &self.record);
    }

    fn verdict(&self, demand: Demand) -> Result<PermissionSet, Denied> {
        verify(&self.index.view(), self.token.reveal(), None, demand, now())
            .map(|permit| permit.permissions())
    }
}

#[test]
fn a_token_acts_as_its_owner() {
    let world = World::new();
    let view = world.index.view();
    let permit = verify(&view, world.token.reveal(), None, RELEASE, now()).unwrap();
    assert_eq!(permit.owner(), world.user.id);
    assert_eq!(permit.grant().unwrap().encoded_name(), "ci");
    assert_eq!(permit.permissions(), world.permissions(&["login", "release#view"]));
    let [user, email, groups, permissions] = permit.facts().identity.values();
    assert_eq!((user, email), ("%C3%84nn", "ann@example.org"));
    assert_eq!((groups, permissions), ("a%2Cb,ops", "login,release#view"));
}

#[test]
fn an_unknown_token_is_unknown_under_every_key() {
    let world = World::new();
    let other = PlainToken::generate(Prefix::ANY, &mut ChaCha20Rng::seed_from_u64(2));
    assert_eq!(verify(&world.index.view(), other.reveal(), None, EVERY, now()).err(), Some(Denied::Unknown));
    assert!(matches!(verify(&world.index.view(), "pat_x", None, EVERY, now()), Err(Denied::Malformed(_))));
}

#[test]
fn a_token_with_another_users_name_is_unknown_and_leaves_no_trace() {
    let world = World::new();
    let with = |name| {
        let view = world.index.view();
        verify(&view, world.token.reveal(), Some(name), EVERY, now()).map(|permit| permit.is_sample())
    };
    assert_eq!(with("ben"), Err(Denied::Unknown));
    assert_eq!(with("ÄNN"), Ok(true), "names that differ only in case are one, and this is the first use");
}

#[test]
fn a_token_made_under_an_older_key_still_passes() {
    let world = World::new();
    let token = TokenText::parse(world.token.reveal()).unwrap();
    let (newest, older) =
        (world.index.keys().newest().digest(token), world.index.keys().iter().last().unwrap());
    world.index.remove_grant([&newest]);
    assert_eq!(world.verdict(EVERY), Err(Denied::Unknown));
    world.index.put_grant([&older.digest(token)], &world.record);
    assert!(world.verdict(EVERY).is_ok());
}

#[test]
fn each_state_has_its_cause_and_the_final_one_comes_first() {
    let mut world = World::new();
    let expired = Expiry::at(now()).unwrap();
    let reason = SuspensionReason::OverMaximum;
    let cases = [
        (Standing::Active, expired, Denied::Expired(expired)),
        (Standing::Suspended(reason), Expiry::NEVER, Denied::Suspended(reason)),
        (Standing::Suspended(reason), expired, Denied::Expired(expired)),
        (Standing::Deleted, expired, Denied::Deleted),
    ];
    for (standing, expires_at, denied) in cases {
        world.record.standing = standing;
        world.record.expires_at = expires_at;
        world.put_grant();
        assert_eq!(world.verdict(EVERY), Err(denied));
    }
    assert_eq!(Denied::Expired(expired).to_string(), "the token expired on 3 May 2026");
}

#[test]
fn a_disabled_or_removed_owner_stops_every_token_and_every_session() {
    let mut world = World::new();
    world.user.state = UserState::Disabled { at: now() };
    world.put_owner(&["login"]);
    assert_eq!(world.verdict(EVERY), Err(Denied::OwnerDisabled));
    assert_eq!(admit(&world.index.view(), world.user.id, EVERY, now()).err(), Some(Denied::OwnerDisabled));
    world.user.state = UserState::Enabled;
    world.put_owner(&["login"]);
    assert!(world.verdict(EVERY).is_ok());
    world.index.remove_owner(world.user.id);
    assert_eq!(world.verdict(EVERY), Err(Denied::OwnerDisabled));
    assert_eq!(admit(&world.index.view(), world.user.id, EVERY, now()).err(), Some(Denied::Unknown));
}

#[test]
fn a_token_is_for_its_application_alone() {
    let mut world = World::new();
    let shop = ("shop".parse().unwrap(), "shop".parse().unwrap());
    let shop = Applications::new([shop]).unwrap().slot("shop").unwrap();
    let at = |slot| Demand { surface: Surface::Application(slot), permission: None };
    for (application, release, deploy, there, everywhere) in [
        (ApplicationSlot::ANY, true, true, true, true),
        (ApplicationSlot::RELEASE, true, false, false, true),
        (ApplicationSlot::DEPLOY, false, true, false, true),
        (shop, false, false, true, true),
        (ApplicationSlot::UNKNOWN, false, false, false, false),
    ] {
        world.record.application = application;
        world.put_grant();
        let passes = |demand| match world.verdict(demand) {
            Ok(_) => true,
            Err(denied) => {
                assert_eq!(denied, Denied::OtherApplication);
                false
            }
        };
        assert_eq!(passes(RELEASE), release);
        assert_eq!(passes(at(ApplicationSlot::DEPLOY)), deploy);
        assert_eq!(passes(at(shop)), there);
        assert_eq!(passes(EVERY), everywhere);
    }
}

#[test]
fn policy_closes_an_origin_for_an_application() {
    let mut world = World::new();
    world.user.origin = Origin::Sso;
    world.put_owner(&["login"]);
    let deploy = Demand { surface: Surface::Application(ApplicationSlot::DEPLOY), permission: None };
    assert_eq!(world.verdict(RELEASE), Err(Denied::OriginClosed(Origin::Sso)));
    assert!(world.verdict(deploy).is_ok());
    let nobody = Origins { internal: false, ldap: false, sso: false };
    world.index.put_origin_policy(&OriginPolicy { deploy: nobody, ..OriginPolicy::default() });
    assert_eq!(world.verdict(deploy), Err(Denied::OriginClosed(Origin::Sso)));
    assert!(world.verdict(EVERY).is_ok());
    assert_eq!(Denied::OriginClosed(Origin::Sso).to_string(), "tokens are not allowed for SSO users here");
}

#[test]
fn a_token_that_was_left_working_passes_where_its_origin_is_closed() {
    let mut world = World::new();
    world.user.origin = Origin::Sso;
    world.put_owner(&["login"]);
    let nobody = Origins { internal: false, ldap: false, sso: false };
    world.index.put_origin_policy(&OriginPolicy { release: nobody, deploy: nobody, others: nobody });
    world.record.left_working = Rows::NONE.with(Row::Deploy);
    world.put_grant();
    let deploy = Demand { surface: Surface::Application(ApplicationSlot::DEPLOY), permission: None };
    assert!(world.verdict(deploy).is_ok());
    assert_eq!(world.verdict(RELEASE), Err(Denied::OriginClosed(Origin::Sso)));
    assert_eq!(
        world.verdict(EVERY),
        Err(Denied::OriginClosed(Origin::Sso)),
        "elsewhere it counts among the others"
    );
    world.record.standing = Standing::Suspended(SuspensionReason::OriginClosed);
    world.put_grant();
    assert_eq!(world.verdict(deploy), Err(Denied::Suspended(SuspensionReason::OriginClosed)));
}

#[test]
fn permissions_are_cut_to_what_the_owner_has_now() {
    let mut world = World::new();
    world.record.permissions = Some(world.permissions(&["release#view", "security#edit"]));
    world.put_grant();
    let view = world.catalog.slot(&"release#view".parse().unwrap()).unwrap();
    let edit = world.catalog.slot(&"security#edit".parse().unwrap()).unwrap();
    let asking = |slot| Demand { surface: Surface::Every, permission: Some(slot) };
    assert_eq!(world.verdict(asking(view)), Ok(world.permissions(&["release#view"])));
    assert_eq!(world.verdict(asking(edit)), Err(Denied::Lacks(edit)));
    world.put_owner(&["login"]);
    assert_eq!(world.verdict(asking(view)), Err(Denied::Lacks(view)));
    world.put_owner(&["admin"]);
    assert_eq!(world.verdict(asking(edit)), Ok(world.permissions(&["release#view", "security#edit"])));
    world.record.permissions = Some(PermissionSet::NONE);
    world.put_grant();
    assert_eq!(world.verdict(EVERY), Ok(PermissionSet::NONE), "an empty list is no permission, not all");
}

#[test]
fn a_use_is_noted_once_a_second_and_sampled_once_a_minute() {
    let world = World::new();
    let sample = |seconds| {
        let at = now().checked_add(SignedDuration::from_secs(seconds)).unwrap();
        verify(&world.index.view(), world.token.reveal(), None, EVERY, at).unwrap().is_sample()
    };
    assert_eq!([0, 0, 30, 60, 61].map(sample), [true, false, false, true, false]);
    world.put_grant();
    let mut used = Vec::new();
    world.index.used_since(now(), |id, at| used.push((id.as_i64(), at.as_second() - now().as_second())));
    assert_eq!(used, [(7, 61)], "an entry that is replaced keeps its time of last use");
}

#[test]
fn an_entry_fits_a_cache_line() {
    assert!(size_of::<(Key, Entry)>() <= 64, "{}", size_of::<(Key, Entry)>());
}

#[test]
fn a_token_lives_no_longer_than_the_word_of_its_owners_provider() {
    let mut world = World::new();
    let days = |count| Days::try_from(count).ok();
    let hours = |count| SignedDuration::from_hours(count);
    world.user.origin = Origin::Sso;
    world.user.confirmation = Confirmation::At(now() - hours(24 * 30) + SignedDuration::from_secs(1));
    world.put_owner(&["login"]);
    assert!(world.verdict(EVERY).is_ok(), "thirty days are the default");
    let unconfirmed = Some(Denied::Suspended(SuspensionReason::OwnerUnconfirmed));
    world.index.put_freshness(FreshnessWindows { sso: days(29), ldap: None });
    assert_eq!(world.verdict(EVERY).err(), unconfirmed);
    assert_eq!(admit(&world.index.view(), world.user.id, EVERY, now()).err(), unconfirmed);
    world.index.put_freshness(FreshnessWindows { sso: None, ldap: days(1) });
    assert!(world.verdict(EVERY).is_ok(), "there is no window, and the other origin's does not count");
    world.user.confirmation = Confirmation::Withdrawn { at: now(), reason: Withdrawal::Gone };
    world.put_owner(&["login"]);
    let withdrawn = Some(Denied::Suspended(SuspensionReason::OwnerWithdrawn));
    assert_eq!(world.verdict(EVERY).err(), withdrawn);
    world.user.confirmation = Confirmation::At(now());
    world.put_owner(&["login"]);
    assert!(world.verdict(EVERY).is_ok(), "what was suspended for the owner's sake resumes");
}
