//! What stands for TLS in a crate that was built without it: types of which there is no value.

use std::io;

use super::stream::Until;
use crate::types::NodeId;

/// A certificate of a node. There is none: the crate was built without its feature `tls`.
#[derive(Debug, Clone)]
pub enum Tls {}

impl Tls {
    pub(super) fn is_for(&self, _: NodeId) -> bool {
        match *self {}
    }

    pub(super) fn begin(&self, _: Option<NodeId>, _: Until<'_>) -> io::Result<Session> {
        match *self {}
    }
}

pub(super) enum Session {}

impl Session {
    pub(super) fn is_with(&self, _: NodeId) -> bool {
        match *self {}
    }

    pub(super) fn read<F>(&self, _: &mut [u8], _: F) -> io::Result<usize> {
        match *self {}
    }

    pub(super) fn write<W>(&self, _: &[u8], _: W) -> io::Result<usize> {
        match *self {}
    }
}
