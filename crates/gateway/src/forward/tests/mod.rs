//! What proxies are answered: a small world of users and tokens, and the questions one may ask about it.

mod answers;
mod passwords;
mod routes;

use http::{HeaderValue, StatusCode};
use jiff::SignedDuration;
use patgate_core::application::{ApplicationName, ApplicationSlot, Applications};
use patgate_core::confirmation::Confirmation;
use patgate_core::expiry::Expiry;
use patgate_core::identifier::GrantId;
use patgate_core::index::{GrantRecord, OwnerFacts, Standing};
use patgate_core::permission::PermissionSet;
use patgate_core::policy::origin::Rows;
use patgate_core::token::{DigestKey, DigestKeys, PlainToken, Prefix, TokenText};
use patgate_core::user::{INTERNAL_PROVIDER, Origin, User, UserState};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::Rule;
use crate::application::{DEPLOY_TOKEN_HEADER, RELEASE_TOKEN_HEADER};

const PROXY: &str = "10.0.0.1";

fn now() -> Timestamp {
    "2026-05-03T12:00:00Z".parse().unwrap()
}

/// What was sampled since the last look.
fn sampled(samples: &mut Receiver<UseSample>) -> Vec<UseSample> {
    std::iter::from_fn(|| samples.try_recv().ok()).collect()
}

/// `release` with rules, `deploy` without, and `shop`, which takes passwords. Ann is internal and holds `login` and
/// `release#view`; her tokens are made by [`World::token`].
struct World {
    index: Arc<Index>,
    catalog: Arc<Catalog>,
    shop: ApplicationSlot,
    gateway: Gateway,
    samples: Receiver<UseSample>,
    random: ChaCha20Rng,
    ann: User,
}

impl World {
    fn new() -> Self {
        let index = Arc::new(Index::new(DigestKeys::new(vec![DigestKey::new(1, [1; 32])]).unwrap()));
        let catalog = Arc::new(Catalog::new([]).unwrap());
        let applications = Applications::new([("shop".parse().unwrap(), "shop".parse().unwrap())]).unwrap();
        let shop = applications.slot("shop").unwrap();
        let name = |name: &str| name.parse::<ApplicationName>().unwrap();
        let slot = |id: &str| catalog.slot(&id.parse().unwrap());
        let release = Gate {
            rules: vec![
                Rule::new(["GET"], "/view/**", slot("release#view")).unwrap(),
                Rule::new(["DELETE"], "/abort/**", slot("release#abort")).unwrap(),
                Rule::new([], "/open/**", None).unwrap(),
            ],
            ..Gate::new(name("release"), ApplicationSlot::RELEASE, RELEASE_TOKEN_HEADER)
        };
        let deploy = Gate::new(name("deploy"), ApplicationSlot::DEPLOY, DEPLOY_TOKEN_HEADER);
        let shop_header = HeaderName::from_static("x-shop-personal-token");
        let shop_gate = Gate { allow_passwords: true, ..Gate::new(name("shop"), shop, shop_header) };
        let (sender, samples) = channel(2);
        let gates = vec![release, deploy, shop_gate];
        let proxies = TrustedProxies::read([PROXY]).unwrap();
        let gateway = Gateway::new(Arc::clone(&index), Arc::clone(&catalog), gates, proxies, sender).unwrap();
        let ann = User {
            id: UserId::from_i64(1),
            origin: Origin::Internal,
            provider: INTERNAL_PROVIDER.into(),
            subject: "1".into(),
            username: "Ann".parse().unwrap(),
            full_name: "Ann".into(),
            email: "ann@example.org".into(),
            groups: vec!["dev,ops".into(), "qa".into()],
            state: UserState::Enabled,
            confirmation: Confirmation::Own,
            created_at: now(),
            last_active_at: None,
        };
        let random = ChaCha20Rng::seed_from_u64(5);
        let world = Self { index, catalog, shop, gateway, samples, random, ann };
        world.put_ann();
        world
    }

    fn permissions(&self, ids: &[&str]) -> PermissionSet {
        let ids: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
        self.catalog.set(&ids)
    }

    fn put_ann(&self) {
        let held = self.permissions(&["login", "release#view"]);
        self.index.put_owner(self.ann.id, OwnerFacts::new(&self.ann, held, &self.catalog));
    }

    /// A token of Ann's for any application that never expires, changed by `change`.
    fn token(&mut self, prefix: Prefix, change: impl FnOnce(&mut GrantRecord)) -> PlainToken {
        let token = PlainToken::generate(prefix, &mut self.random);
        let mut record = GrantRecord {
            id: GrantId::from_i64(7),
            owner: self.ann.id,
            name: "ci".into(),
            application: ApplicationSlot::ANY,
            permissions: None,
            expires_at: Expiry::NEVER,
            standing: Standing::Active,
            left_working: Rows::NONE,
        };
        change(&mut record);
        let digest = self.index.keys().newest().digest(TokenText::parse(token.reveal()).unwrap());
        self.index.put_grant([&digest], &record);
        token
    }

    fn any(&mut self) -> PlainToken {
        self.token(Prefix::ANY, |_| {})
    }

    /// Asks both ways: for a response, and for the bytes that are sent. They are alike.
    fn decide(&self, path: &str, lines: &[(&str, &str)]) -> Decision {
        let (headers, peer) = (headers(lines), PROXY.parse().unwrap());
        let decision = self.gateway.authorize(path, &headers, peer, now());
        let mut out = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
        let before = out.len();
        let is_written = self.gateway.answer_question(path, &headers, peer, now(), &mut out);
        match &decision {
            Decision::Answer(response) => {
                assert!(is_written);
                assert_sent(&out[before..], response);
            }
            Decision::JudgePassword(_) => assert!(!is_written && out.len() == before),
        }
        decision
    }

    fn ask(&self, path: &str, lines: &[(&str, &str)]) -> Response<Bytes> {
        match self.decide(path, lines) {
            Decision::Answer(response) => response,
            Decision::JudgePassword(demand) => panic!("{demand:?}"),
        }
    }

    /// Asks with a token, and with the pair of headers when there is a URI.
    fn show(&self, path: &str, token: &PlainToken, request: Option<(&str, &str)>) -> Response<Bytes> {
        let bearer = format!("Bearer {}", token.reveal());
        let mut lines = vec![("authorization", bearer.as_str())];
        if let Some((method, uri)) = request {
            lines.extend([("x-original-method", method), ("x-original-uri", uri)]);
        }
        self.ask(path, &lines)
    }
}

/// Demands that these bytes are this response.
fn assert_sent(bytes: &[u8], response: &Response<Bytes>) {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some(format!("HTTP/1.1 {}", response.status()).as_str()));
    let mut told: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .chain([format!("content-length: {}", body.len()), "date: Sun, 03 May 2026 12:00:00 GMT".to_owned()])
        .collect();
    told.sort();
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    assert_eq!(lines, told);
    assert_eq!(body.as_bytes(), response.body());
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// The value of a header that must stand exactly once.
fn only<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    let values: Vec<_> = response.headers().get_all(name).iter().collect();
    assert_eq!(values.len(), 1, "{name}: {response:?}");
    values[0].to_str().unwrap()
}

/// What a refusal says, after a look at everything that every refusal has.
fn cause(response: &Response<Bytes>) -> (u16, String) {
    let status = response.status();
    assert!([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{response:?}");
    assert_eq!(only(response, "cache-control"), "no-store");
    assert_eq!(only(response, "content-type"), "application/problem+json");
    assert!(!response.headers().keys().any(|name| name.as_str().starts_with("x-patgate-")), "{response:?}");
    let line = only(response, "www-authenticate");
    let error = if status == StatusCode::UNAUTHORIZED { "invalid_token" } else { "insufficient_scope" };
    let start = format!("Bearer realm=\"patgate\", error=\"{error}\", error_description=\"");
    let description = line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}"));
    (status.as_u16(), description.strip_suffix('"').unwrap().to_owned())
}
