//! Providers that are behind a proxy.

use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Certified, SECRET};
use patgate_testkit::servers::proxy::Proxy;

use super::{Stage, table, world};
use crate::common::get;

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_provider_is_asked_goes_through_its_proxy() {
    let proxy = Proxy::start();
    let stage = Stage::build(&format!("proxy = '{}'", proxy.url())).await;
    assert_eq!(stage.sign_in("alice").await.status(), 303);
    let place = stage.provider.issuer().strip_prefix("http://").unwrap().to_owned();
    // Its document, its keys, a code; a person's information comes with it or in one more.
    let tunnels = proxy.tunnels();
    assert!(tunnels.len() >= 3 && tunnels.iter().all(|tunnel| *tunnel == place), "{tunnels:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_lead_to_a_provider_is_an_outage() {
    let port = ports::free();
    let nobody = format!("http://127.0.0.1:{}", ports::free());
    let endless = Box::leak(format!("HTTP/1.1 200 Fine\r\n{}", "x: y\r\n".repeat(10_000)).into_boxed_str());
    let proxies = [
        Proxy::refusing("HTTP/1.1 403 Forbidden\r\n\r\n"),
        Proxy::refusing("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        Proxy::refusing("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        Proxy::refusing("HTTP/1.1 2"),
        Proxy::refusing(endless),
    ];
    let urls = proxies.iter().map(Proxy::url).chain([nobody]);
    for url in urls {
        let lines = format!("client_secret = '{SECRET}'\nproxy = '{url}'");
        let world = world(&table("company", &Certified::issuer_on(port), "patgate", &lines)).await;
        let answer = world.send(get("/login/external/company")).await;
        assert_eq!((answer.status(), answer.cookies().len()), (503, 0), "{}", answer.shown());
    }
    assert!(proxies.iter().all(|proxy| proxy.tunnels() == [format!("localhost:{port}")]));
}
