//! Signs of life (S3.24, X12): silence is answered with a ping, and a ping that brings no byte ends the connection.

use callboard_protocol::config::WsConfig;
use std::time::Duration;

/// The least interval that is taken from a server.
const LEAST: Duration = Duration::from_millis(10);

/// What is due.
#[derive(Debug, PartialEq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// Send a ping with this number.
    Ping(u64),
    /// The connection is dead.
    Dead,
}

/// Watches one connection. Any received byte is a sign of life, also one of a message that is not whole yet.
#[derive(Debug)]
pub(super) struct Heartbeat {
    heard_at: Duration,
    /// When the outstanding ping counts as unanswered. A later ping never moves it (X12).
    answer_by: Option<Duration>,
    last_ping: Option<(u64, Duration)>,
    pings: u64,
}

impl Heartbeat {
    pub(super) fn new(now: Duration) -> Self {
        Heartbeat { heard_at: now, answer_by: None, last_ping: None, pings: 0 }
    }

    pub(super) fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        self.answer_by = None;
    }

    /// The round trip of the ping with this number, if it is the last one and was not answered before.
    pub(super) fn answered(&mut self, ping: u64, now: Duration) -> Option<Duration> {
        let (_, sent_at) = self.last_ping.take_if(|(last, _)| *last == ping)?;
        Some(now.saturating_sub(sent_at))
    }

    pub(super) fn deadline(&self, config: &WsConfig) -> Duration {
        self.answer_by.unwrap_or(self.heard_at + interval(config))
    }

    /// What to do at `now`. A timer that comes far too late (the machine slept) proves nothing: it asks again.
    pub(super) fn due(&mut self, config: &WsConfig, now: Duration) -> Due {
        let deadline = self.deadline(config);
        if now < deadline {
            return Due::Nothing;
        }
        if self.answer_by.is_some() && now < deadline + timeout(config) {
            return Due::Dead;
        }
        self.pings += 1;
        self.last_ping = Some((self.pings, now));
        self.answer_by = Some(now + timeout(config));
        Due::Ping(self.pings)
    }
}

fn interval(config: &WsConfig) -> Duration {
    Duration::from_millis(config.heartbeat_interval_ms.into()).max(LEAST)
}

fn timeout(config: &WsConfig) -> Duration {
    Duration::from_millis(config.heartbeat_timeout_ms.into()).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_is_asked_and_then_ended() {
        let config = WsConfig::default();
        let mut heartbeat = Heartbeat::new(s(0));
        assert_eq!(heartbeat.due(&config, s(9)), Due::Nothing);
        assert_eq!(heartbeat.due(&config, s(10)), Due::Ping(1));
        assert_eq!(heartbeat.deadline(&config), s(15));
        assert_eq!(heartbeat.due(&config, s(14)), Due::Nothing);
        assert_eq!(heartbeat.due(&config, s(15)), Due::Dead);
    }

    /// The original's flaw (S3.24): with interval <= timeout each ping restarted the timer, which never fired.
    #[test]
    fn a_timeout_longer_than_the_interval_fires_all_the_same() {
        let config =
            WsConfig { heartbeat_interval_ms: 1000, heartbeat_timeout_ms: 5000, ..WsConfig::default() };
        let mut heartbeat = Heartbeat::new(s(0));
        assert_eq!(heartbeat.due(&config, s(1)), Due::Ping(1));
        for second in 2..6 {
            assert_eq!(heartbeat.due(&config, s(second)), Due::Nothing);
        }
        assert_eq!(heartbeat.due(&config, s(6)), Due::Dead);
    }

    #[test]
    fn any_byte_is_life_and_only_the_right_pong_is_a_round_trip() {
        let config = WsConfig::default();
        let mut heartbeat = Heartbeat::new(s(0));
        assert_eq!(heartbeat.due(&config, s(10)), Due::Ping(1));
        heartbeat.heard(s(12));
        assert_eq!(heartbeat.deadline(&config), s(22));
        assert_eq!(heartbeat.answered(7, s(13)), None);
        assert_eq!(heartbeat.answered(1, s(13)), Some(s(3)));
        assert_eq!(heartbeat.answered(1, s(14)), None);
    }

    #[test]
    fn a_timer_that_overslept_asks_first() {
        let config = WsConfig::default();
        let mut heartbeat = Heartbeat::new(s(0));
        assert_eq!(heartbeat.due(&config, s(10)), Due::Ping(1));
        assert_eq!(heartbeat.due(&config, s(3600)), Due::Ping(2));
        assert_eq!(heartbeat.due(&config, s(3605)), Due::Dead);
    }

    /// W1.6: heartbeats are bounded: while it is silent there is one question, and it is asked whenever it is silent.
    #[test]
    fn there_is_one_question_in_each_silence() {
        let config = WsConfig::default();
        let mut heartbeat = Heartbeat::new(s(0));
        for round in 1..=1000 {
            let silent_since = 14 * (round - 1);
            for second in 0..14 {
                let expected = if second == 10 { Due::Ping(round) } else { Due::Nothing };
                assert_eq!(
                    heartbeat.due(&config, s(silent_since + second)),
                    expected,
                    "round {round}, {second} s"
                );
            }
            heartbeat.heard(s(14 * round));
        }
        assert_eq!(heartbeat.due(&config, s(14 * 1000 + 10)), Due::Ping(1001));
        assert_eq!(heartbeat.due(&config, s(14 * 1000 + 15)), Due::Dead);
    }
}
