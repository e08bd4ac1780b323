//! Who has no certificate of the authority, or that of another node.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use raft::NodeId;
use raft::transport::{Bound, Link, Options, Tls};
use rustls::StreamOwned;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use crate::authority::{Authority, Certified};
use crate::board::{CLUSTER, Place, options};
use crate::raw::{Raw, greeting, question};
use crate::running::cluster::LIMIT;
use crate::strangers::noise;

/// Of two nodes with their certificates.
pub(crate) fn pair(authority: &Authority) -> [Options; 2] {
    [1, 2].map(|id| with(id, authority.tls(id)))
}

fn with(node: NodeId, tls: Tls) -> Options {
    Options { tls: Some(tls), ..options(node) }
}

fn der(own: &Certified) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes());
    (vec![certificate.expect("it is PEM")], key.expect("it is PEM"))
}

/// Calls node 1 as somebody would who is no node of ours.
pub(crate) fn call(
    one: &Place,
    authority: &Authority,
    own: Option<&Certified>,
) -> Raw<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("it is PEM");
    roots.add(root).expect("it is an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("it knows them")
        .with_root_certificates(roots);
    let config = match own.map(der) {
        Some((chain, key)) => config.with_client_auth_cert(chain, key).expect("they fit"),
        None => config.with_no_client_auth(),
    };
    let name = "node-1".try_into().expect("a good name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a good configuration");
    Raw(StreamOwned::new(client, Raw::to(one).0))
}

/// Answers one call as that node.
pub(crate) fn pick_up(
    authority: &Authority,
    node: NodeId,
) -> (SocketAddr, impl FnOnce() -> Raw<StreamOwned<ServerConnection, TcpStream>> + use<>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (chain, key) = der(&authority.certify(node));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("it knows them")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they fit");
    let pick_up = move || {
        let (socket, _) = listener.accept().expect("somebody calls");
        let server = ServerConnection::new(Arc::new(config)).expect("a good configuration");
        Raw(StreamOwned::new(server, socket))
    };
    (address, pick_up)
}

fn all_are_gone(one: &Place) {
    let gone = || (one.wire().guests() == (0, 0)).then_some(());
    assert!(one.board.news.until(LIMIT, gone).is_some(), "{:?}", one.wire().guests());
    assert_eq!(one.board.served(), 0, "nothing was served");
}

#[test]
fn who_has_no_certificate_of_the_authority_gets_nothing() {
    let [authority, other] = ["ours", "another"].map(Authority::new);
    let [options, _] = pair(&authority);
    let one = Place::new(options);
    let expired = authority.certify_until(9, 2020);
    for (own, why) in [
        (None, "CertificateRequired"),
        (Some(&other.certify(9)), "UnknownCA"),
        (Some(&expired), "CertificateExpired"),
    ] {
        let mut caller = call(&one, &authority, own);
        caller.say(&[greeting(1, CLUSTER, 9, 90, 1), question(1)].concat());
        let (said, error) = caller.is_told();
        assert!(said.is_empty(), "{said:?}");
        assert!(error.contains(why), "{error}, not {why}");
    }
    // One that knows nothing of TLS.
    let mut caller = Raw::to(&one);
    caller.say(&[greeting(1, CLUSTER, 9, 90, 1), question(1)].concat());
    let (said, _) = caller.is_told();
    assert_eq!(said.first(), Some(&21), "an alert");
    assert!(said.len() < 8, "and nothing else: {said:?}");
    all_are_gone(&one);
    assert_eq!(one.wire().info(9), None);
}

#[test]
fn nodes_say_why_there_is_no_tls_between_them() {
    let [authority, other] = ["ours", "another"].map(Authority::new);
    let [options_of_one, options_of_two] = pair(&authority);
    let [one, two] = [options_of_one, options_of_two].map(Place::new);
    let plain = Place::new(options(3));
    plain.wire().connect(1, one.address());
    plain.is_refused_by(1, "speaks TLS, and this node has no certificate");
    one.wire().connect(3, plain.address());
    one.is_refused_by(3, "there is no TLS with the peer");
    let stranger = Place::new(with(4, other.tls(4)));
    stranger.wire().connect(1, one.address());
    stranger.is_refused_by(1, "UnknownIssuer");
    one.wire().connect(4, stranger.address());
    one.is_refused_by(4, "UnknownIssuer");
    // It believes in both, and only one believes it.
    let both = authority.pem() + &other.pem();
    let guest = Place::new(with(5, other.certify(5).tls(&both)));
    guest.wire().connect(1, one.address());
    guest.is_refused_by(1, "the other side refuses this node: UnknownCA");
    let late = Place::new(with(6, authority.certify_until(6, 2020).tls(&both)));
    one.wire().connect(6, late.address());
    one.is_refused_by(6, "expired");
    two.join(1, &one);
    two.is_answered_by(1);
    assert_eq!(one.board.last_served().map(|(from, _)| from), Some(2));
    assert_eq!(one.board.served(), 1, "the others were not served");
    assert_eq!(plain.board.served() + stranger.board.served() + late.board.served(), 0);
}

#[test]
fn a_certificate_is_for_one_node() {
    let authority = Authority::new("ours");
    let [options_of_one, options_of_two] = pair(&authority);
    let [one, two] = [options_of_one, options_of_two].map(Place::new);
    let refused = Bound::new(with(3, authority.tls(2)), "127.0.0.1:0").expect_err("not its own");
    assert!(refused.to_string().contains("the certificate is not for this node"), "{refused}");
    // Node 2 listens where node 3 should.
    one.wire().connect(3, two.address());
    one.is_refused_by(3, "not valid for name \"node-3\"");
    // Node 9 says that it is node 2.
    let own = authority.certify(9);
    let mut caller = call(&one, &authority, Some(&own));
    caller.say(&[greeting(1, CLUSTER, 2, 20, 1), question(1)].concat());
    assert_eq!(caller.answer(), [7], "its certificate is another node's");
    caller.is_ended();
    all_are_gone(&one);
    // It joins nobody's cluster with that either, and may come as itself.
    let fresh = Place::new(Options { cluster: 0, ..with(1, authority.tls(1)) });
    let mut caller = call(&fresh, &authority, Some(&own));
    caller.say(&greeting(1, 66, 2, 20, 1));
    assert_eq!((caller.answer(), fresh.wire().cluster()), (vec![7], 0));
    let mut caller = call(&fresh, &authority, Some(&own));
    caller.say(&greeting(1, 66, 9, 90, 1));
    assert_eq!((caller.answer()[0], fresh.wire().cluster()), (0, 66));
    two.join(1, &one);
}

#[test]
fn files_of_which_no_tls_can_be_made_are_told_apart() {
    let [authority, other] = ["ours", "another"].map(Authority::new);
    let [own, twin] = [authority.certify(1), authority.certify(1)];
    let (chain, key, ca) = (&*own.certificate, &*own.key, &*authority.pem());
    let torn = &chain[..chain.len() / 2];
    for (chain, key, ca, wanted) in [
        ("", key, ca, "no certificate in the file of this node's"),
        (key, key, ca, "no certificate in the file of this node's"),
        (chain, "", ca, "no private key"),
        (chain, chain, ca, "no private key"),
        (chain, key, "", "no certificate in the file of the authority"),
        (chain, key, "what", "no certificate in the file of the authority"),
        (chain, &twin.key, ca, "does not fit"),
        (torn, key, ca, "no PEM"),
        (chain, key, torn, "no PEM"),
    ] {
        let made = Tls::from_pem(chain.as_bytes(), key.as_bytes(), ca.as_bytes());
        let error = made.expect_err(wanted).to_string();
        assert!(error.contains(wanted), "`{wanted}` is not in: {error}");
    }
    let shown = format!("{:?}", with(1, own.tls(&other.pem())));
    assert!(shown.contains("Tls { .. }") && !shown.contains(&own.key[40..60]), "{shown}");
}

#[test]
fn who_stalls_in_its_handshake_is_let_go() {
    let soon = Duration::from_millis(400);
    let authority = Authority::new("ours");
    let [options, _] = pair(&authority);
    let one = Place::new(Options { greeting: soon, ..options });
    let hello = hello(&authority);
    let mut silent = Raw::to(&one);
    let mut stalls = Raw::to(&one);
    stalls.say(&hello[..hello.len() / 2]);
    // Each byte comes in time, and all of them never.
    let (mut drips, start) = (Raw::to(&one), Instant::now());
    for byte in &hello {
        drips.say(&[*byte]);
        one.board.news.never(Duration::from_millis(20), || false);
        if start.elapsed() > soon * 3 {
            break;
        }
    }
    for raw in [&mut silent, &mut stalls, &mut drips] {
        raw.is_ended();
    }
    all_are_gone(&one);
    // It was dialled, and is silent.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    one.wire().connect(8, deaf.local_addr().expect("it is bound").to_string());
    one.is_refused_by(8, "no TLS with the peer: nothing came or went in time");
    // Or it begins, and is silent then.
    let begins = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    one.wire().connect(7, begins.local_addr().expect("it is bound").to_string());
    let keeps = thread::spawn(move || {
        [(); 3].map(|()| {
            let (mut socket, _) = begins.accept().expect("it dials again");
            socket.write_all(b"\x16\x03\x03\0\x7a\x02").map(|()| socket)
        })
    });
    assert!(keeps.join().expect("it begins").iter().all(Result::is_ok));
    one.is_refused_by(7, "no TLS with the peer: nothing came or went in time");
}

/// The first word of somebody who speaks TLS.
fn hello(authority: &Authority) -> Vec<u8> {
    let (mut hello, listener) = (Vec::new(), Place::new(options(1)));
    let mut caller = call(&listener, authority, None);
    caller.0.conn.write_tls(&mut hello).expect("there is room");
    hello
}

/// From its beginning, within the handshake, and as records that belong to no session.
#[test]
fn random_bytes_disturb_no_session() {
    let begins = |of: u64| match of {
        0 => Vec::new(),
        1 => b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(),
        2 => hello(&Authority::new("any")),
        _ => b"\x17\x03\x03\x01\0".to_vec(),
    };
    noise(pair(&Authority::new("ours")), begins, "noisy_tls_connections");
}

/// A node goes mad within its session: it ends, and the others' go on.
#[test]
fn a_damaged_record_ends_its_session_alone() {
    let authority = Authority::new("ours");
    let [one, two] = pair(&authority).map(Place::new);
    two.join(1, &one);
    let mut mad = call(&one, &authority, Some(&authority.certify(9)));
    mad.say(&[greeting(1, CLUSTER, 9, 90, 1), question(7)].concat());
    assert_eq!((mad.answer()[0], mad.next()), (0, (2, 7)));
    let mut socket = &mad.0.sock;
    socket.write_all(b"\x17\x03\x03\0\x20thirty-two bytes that are no record").expect("it is open");
    mad.is_ended();
    two.is_answered_by(1);
    assert!(matches!(two.wire().peers()[&1].1, Link::Up { .. }));
    let gone = || (one.wire().guests() == (1, 0)).then_some(());
    assert!(one.board.news.until(LIMIT, gone).is_some(), "{:?}", one.wire().guests());
}
