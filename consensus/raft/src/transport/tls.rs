//! TLS 1.3 in which both sides prove who they are.
//!
//! A certificate of the cluster's authority says which node has it, by the DNS name `node-N`. Who dials
//! looks whether the one that answers has that of the peer; who is called, whether the caller has that
//! of the node as which it greets. Addresses prove nothing, so that a node may move.
//!
//! Both sides of a session are one object. Its reader and its writer share it so:
//!
//! | lock | who takes it | while it |
//! |---|---|---|
//! | `came` | the reader | waits for the socket, and decrypts |
//! | `leaving` | the writer | encrypts, and waits for the socket: records leave in their order |
//! | `state`, inside the others | both | encrypts or decrypts |
//!
//! Nobody waits for the peer while it has `state`, and the other two have one taker each. So a writer that
//! its peer does not read holds up no reader: two nodes that write to each other without end read too.
//! What the reader has to say (a change of keys) leaves with what is written next.

use std::fmt;
use std::io::{self, Cursor, ErrorKind, Read as _, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, Connection, Error, InconsistentKeys};
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::frame::bad;
use super::stream::Until;
use crate::types::NodeId;

/// So many encrypted bytes are read at once.
const READ: usize = 16 << 10;

/// A node's certificate with its key, and the authority whose certificates it takes.
#[derive(Clone)]
pub struct Tls {
    own: CertificateDer<'static>,
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// Why there can be no TLS with these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No PEM section is a certificate.
    #[error("there is no certificate in the file of this node's certificate; give one in PEM")]
    NoCertificate,
    /// No PEM section is a private key.
    #[error(
        "there is no private key in the file of this node's key; give one in PEM, not encrypted"
    )]
    NoKey,
    /// No PEM section is a certificate.
    #[error("there is no certificate in the file of the authority; give its own in PEM")]
    NoAuthority,
    /// The key is another one's.
    #[error("the key does not fit the certificate; give the one that it was made for")]
    OtherKey,
    /// A section that begins and does not end, or is damaged.
    #[error("a file is no PEM: {0}")]
    Pem(#[from] PemError),
    /// A certificate or a key of a kind that is not known.
    #[error("a certificate or a key cannot be used: {0}")]
    Unusable(#[source] Error),
}

impl Tls {
    /// Takes the text of three PEM files: the node's certificate, with those between it and the
    /// authority; its private key; and the authority's certificate, of which there may be several while
    /// one takes the place of another. The certificate must be for the DNS name `node-N`, N being the
    /// node's number.
    ///
    /// # Errors
    ///
    /// When something is missing in them, does not fit or is of an unknown kind.
    pub fn from_pem(chain: &[u8], key: &[u8], authority: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let own = chain.first().ok_or(TlsError::NoCertificate)?.clone();
        let key = PrivateKeyDer::pem_slice_iter(key).next().ok_or(TlsError::NoKey)??;
        let mut roots = RootCertStore::empty();
        for root in certificates(authority)? {
            roots.add(root)?;
        }
        let (roots, provider) = (Arc::new(roots), Arc::new(aws_lc_rs::default_provider()));
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let mut client = client
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(Arc::clone(&roots))
            .with_client_auth_cert(chain.clone(), key.clone_key())?;
        let callers = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let callers = callers.build().map_err(|_| TlsError::NoAuthority)?;
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(callers)
            .with_single_cert(chain, key)?;
        // Each connection proves anew who is there.
        client.resumption = Resumption::disabled();
        server.send_tls13_tickets = 0;
        Ok(Self { own, client: Arc::new(client), server: Arc::new(server) })
    }

    pub(super) fn is_for(&self, node: NodeId) -> bool {
        is_for(&self.own, node)
    }

    /// Calls that peer, or hears who calls. Both sides have proved who they are when it returns.
    pub(super) fn begin(&self, peer: Option<NodeId>, mut on: Until<'_>) -> io::Result<Session> {
        let mut connection: Connection = match peer {
            Some(peer) => {
                ClientConnection::new(Arc::clone(&self.client), name(peer)).map_err(bad)?.into()
            }
            None => ServerConnection::new(Arc::clone(&self.server)).map_err(bad)?.into(),
        };
        // It is content with some progress when the time of one read is over.
        while connection.is_handshaking() {
            connection.complete_io(&mut on)?;
        }
        let (came, leaving) = <_>::default();
        Ok(Session { state: Mutex::new(connection), came, leaving })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    Ok(CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?)
}

impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Self::OtherKey,
            error => Self::Unusable(error),
        }
    }
}

/// What the certificate of a node is for.
fn name(node: NodeId) -> ServerName<'static> {
    ServerName::try_from(format!("node-{node}")).expect("letters, a hyphen and digits")
}

fn is_for(certificate: &CertificateDer<'_>, node: NodeId) -> bool {
    let parsed = ParsedCertificate::try_from(certificate);
    parsed.is_ok_and(|it| verify_server_name(&it, &name(node)).is_ok())
}

pub(super) struct Session {
    state: Mutex<Connection>,
    /// What was read and is not decrypted yet.
    came: Mutex<Cursor<Vec<u8>>>,
    /// What is encrypted and not written yet. Empty, unless somebody writes.
    leaving: Mutex<Vec<u8>>,
}

impl Session {
    pub(super) fn is_with(&self, node: NodeId) -> bool {
        let state = self.state.lock();
        let chain = state.peer_certificates();
        chain.and_then(|chain| chain.first()).is_some_and(|it| is_for(it, node))
    }

    /// Reads what there is, or what comes next by `fill`.
    pub(super) fn read(
        &self,
        buffer: &mut [u8],
        mut fill: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut came = self.came.lock();
        loop {
            let mut state = self.state.lock();
            match state.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if came.position() < came.get_ref().len() as u64 {
                state.read_tls(&mut *came)?;
                state.process_new_packets().map_err(refused)?;
                continue;
            }
            drop(state);
            let mut bytes = std::mem::take(&mut *came).into_inner();
            bytes.resize(READ, 0);
            let count = fill(&mut bytes)?;
            if count == 0 {
                return Ok(0);
            }
            bytes.truncate(count);
            *came = Cursor::new(bytes);
        }
    }

    /// Takes as many bytes as are encrypted at once, and waits until they have left.
    pub(super) fn write(&self, bytes: &[u8], mut to: impl Write) -> io::Result<usize> {
        let mut leaving = self.leaving.lock();
        let mut state = self.state.lock();
        let count = state.writer().write(bytes)?;
        while state.wants_write() {
            state.write_tls(&mut *leaving)?;
        }
        drop(state);
        let written = to.write_all(&leaving);
        leaving.clear();
        written.map(|()| count)
    }
}

/// Who calls learns only behind its greeting that its certificate is not taken.
fn refused(error: Error) -> io::Error {
    match error {
        Error::AlertReceived(alert) => bad(format!("the other side refuses this node: {alert:?}")),
        error => bad(error),
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
