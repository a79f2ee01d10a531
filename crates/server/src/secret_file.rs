//! Small files that hold a secret: read so that no copy of it stays in memory.

use std::fs::File;
use std::io::{self, Read};

use zeroize::Zeroizing;

/// The text of a file of at most `longest` bytes.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] for a longer one, and what the operating system says.
pub(crate) fn read(file: File, longest: usize) -> io::Result<Zeroizing<String>> {
    // Room for all of it, so that no copy is left behind by a buffer that grew.
    let mut text = Zeroizing::new(String::with_capacity(longest + 2));
    file.take(longest as u64 + 1).read_to_string(&mut text)?;
    if text.len() > longest {
        let told = format!("it is longer than {longest} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_greatest_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, read_back) in [("", Some("")), ("abc\n", Some("abc\n")), ("abcd\n", None)] {
            fs::write(&path, text).unwrap();
            let read = read(File::open(&path).unwrap(), 4);
            let too_long = read.as_ref().err().map(io::Error::kind);
            assert_eq!(too_long, read_back.is_none().then_some(io::ErrorKind::FileTooLarge), "{text}");
            assert_eq!(read.ok().as_deref().map(String::as_str), read_back, "{text}");
        }
    }
}
