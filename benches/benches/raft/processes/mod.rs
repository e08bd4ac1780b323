//! Whole stores: three processes each, asked over loopback.

mod etcd;
mod kv;
mod service;

pub(crate) use etcd::{Etcd, Gateway, Grpc};
pub(crate) use kv::{Channel, Kv, Lock};
pub(crate) use service::Processes;
