//! Detects whether a server sends compressed data, so that compressed bytes never pass for the content.

/// File name endings of each coding.
const ENDINGS: [(&str, &[&str]); 5] =
    [("gzip", &["gz", "tgz"]), ("zstd", &["zst", "tzst"]), ("br", &["br"]), ("compress", &["z"]), ("deflate", &["zz"])];

/// The coding of compressed content, unless the name has the ending of that coding: then the compressed bytes are the file.
pub fn packed(content_encoding: &str, path: &str) -> Option<String> {
    let codings = content_encoding.split(',').map(|coding| coding.trim().to_ascii_lowercase());
    // `aws-chunked` only concerns the upload, and some stores keep it.
    let mut real = codings.filter(|coding| !matches!(coding.as_str(), "" | "identity" | "aws-chunked"));
    let first = real.next()?;
    let plain = first.trim_start_matches("x-");
    let ending = path.rsplit(['/']).next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    let is_named = ENDINGS.iter().any(|(coding, endings)| *coding == plain && endings.contains(&ending.as_str()));
    (!is_named || real.next().is_some()).then_some(first)
}
