//! Who certifies nodes, for as long as a test takes.

use raft::NodeId;
use raft::transport::Tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Two PEM files.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("there is chance");
        Self(CertifiedIssuer::self_signed(params, key).expect("a good certificate"))
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn certify(&self, node: NodeId) -> Certified {
        self.certify_until(node, 2100)
    }

    pub(crate) fn certify_until(&self, node: NodeId, year: i32) -> Certified {
        let params = CertificateParams::new([format!("node-{node}")]);
        let mut params = params.expect("a good name");
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("there is chance");
        let signed = params.signed_by(&key, &self.0).expect("a good certificate");
        Certified { certificate: signed.pem(), key: key.serialize_pem() }
    }

    /// For a node of its cluster.
    pub(crate) fn tls(&self, node: NodeId) -> Tls {
        self.certify(node).tls(&self.pem())
    }
}

impl Certified {
    /// For who takes the certificates of these authorities.
    pub(crate) fn tls(&self, authorities: &str) -> Tls {
        let Self { certificate, key } = self;
        Tls::from_pem(certificate.as_bytes(), key.as_bytes(), authorities.as_bytes())
            .expect("they fit")
    }
}
