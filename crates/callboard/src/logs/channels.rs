//! Names, signs and colours of channels, shared by the lines that bear them.

use callboard_protocol::{caps, log::channel_style};
use std::{collections::HashMap, sync::Arc};

/// What a line says of its channel.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) channel: Arc<str>,
    pub(super) emoji: Arc<str>,
    pub(super) color: Arc<str>,
}

/// The channels that were met. Unknown ones are welcome (S3.19); over [`caps::LOG_CHANNELS`] they are not remembered.
#[derive(Debug, Default)]
pub(super) struct Channels(HashMap<Box<str>, Style>);

impl Channels {
    pub(super) fn style(&mut self, channel: &str) -> Style {
        let channel = &channel[..channel.floor_char_boundary(caps::LOG_CHANNEL_BYTES)];
        if let Some(style) = self.0.get(channel) {
            return style.clone();
        }
        let (emoji, color) = channel_style(channel);
        let style = Style { channel: channel.into(), emoji: emoji.into(), color: color.into() };
        if self.0.len() < caps::LOG_CHANNELS {
            self.0.insert(channel.into(), style.clone());
        }
        style
    }
}
