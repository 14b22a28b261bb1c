//! Spans of time: in words for people, two units at most, and from what people write.

/// A span for people: `0s`, `48s`, `1m 12s`, `2h 5m`, `3d 4h`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (small, large, count) = match seconds {
        0..60 => return format!("{seconds}s"),
        60..3600 => ("s", "m", (seconds / 60, seconds % 60)),
        3600..86_400 => ("m", "h", (seconds / 3600, seconds / 60 % 60)),
        _ => ("h", "d", (seconds / 86_400, seconds / 3600 % 24)),
    };
    match count {
        (whole, 0) => format!("{whole}{large}"),
        (whole, rest) => format!("{whole}{large} {rest}{small}"),
    }
}

/// A finished span: below ten seconds with a tenth.
pub(crate) fn took(ms: u64) -> String {
    if ms < 10_000 { format!("{}.{}s", ms / 1000, ms / 100 % 10) } else { span(ms) }
}

/// The largest unit only, for a narrow column.
pub(crate) fn age(ms: u64) -> String {
    span(ms).split(' ').next().unwrap_or_default().to_owned()
}

/// What is left, as a clock: `0:39`, `1:02:03`.
pub(crate) fn clock(ms: u64) -> String {
    // Half a second is still a second to wait.
    let seconds = ms.div_ceil(1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Milliseconds in a text such as `500ms`, `10m`, `1h30m` or `2d`.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no span of time; write for example 500ms, 30s, 10m, 1h30m or 2d");
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let ms = match &rest[digits..digits + unit] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(wrong()),
        };
        total = count.checked_mul(ms).and_then(|ms| total.checked_add(ms)).ok_or_else(wrong)?;
        rest = rest[digits + unit..].trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (ms, text) in [
            (0, "0s"),
            (999, "0s"),
            (48_000, "48s"),
            (60_000, "1m"),
            (72_000, "1m 12s"),
            (7_500_000, "2h 5m"),
            (86_400_000, "1d"),
            (273_600_000, "3d 4h"),
        ] {
            assert_eq!(span(ms), text);
        }
        assert_eq!((took(60), took(3_240), took(12_900)), ("0.0s".into(), "3.2s".into(), "12s".into()));
        assert_eq!((age(72_000), age(0)), ("1m".into(), "0s".into()));
    }

    #[test]
    fn spans_are_read() {
        for (text, ms) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("1d 2h", 93_600_000),
            ("2w", 1_209_600_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(ms), "{text}");
        }
        for bad in ["", "10", "m", "1.5h", "-1s", "1y", "10 m", "99999999999999999999s", "9999999999999999w"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clocks() {
        assert_eq!((clock(39_000), clock(500), clock(0)), ("0:39".into(), "0:01".into(), "0:00".into()));
        assert_eq!(clock(3_723_000), "1:02:03");
    }
}
