//! Requests and downloads against a server on this machine that behaves as badly as the real ones.

#[cfg(test)]
mod download;
#[cfg(test)]
mod request;
#[cfg(test)]
mod support;
