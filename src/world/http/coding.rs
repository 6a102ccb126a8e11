//! Finds out whether what a server sends is packed, so that packed bytes never pass for the content.

/// Endings of names, with the codings that are what such a file is.
const ENDINGS: [(&str, &[&str]); 5] =
    [("gzip", &["gz", "tgz"]), ("zstd", &["zst", "tzst"]), ("br", &["br"]), ("compress", &["z"]), ("deflate", &["zz"])];

/// The coding of a content that is packed, unless the ending of its name says so: then the packed bytes are the file.
pub fn packed(content_encoding: &str, path: &str) -> Option<String> {
    let codings = content_encoding.split(',').map(|coding| coding.trim().to_ascii_lowercase());
    // `aws-chunked` is about the upload, and some stores keep it.
    let mut real = codings.filter(|coding| !matches!(coding.as_str(), "" | "identity" | "aws-chunked"));
    let first = real.next()?;
    let plain = first.trim_start_matches("x-");
    let ending = path.rsplit(['/']).next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    let is_named = ENDINGS.iter().any(|(coding, endings)| *coding == plain && endings.contains(&ending.as_str()));
    (!is_named || real.next().is_some()).then_some(first)
}
