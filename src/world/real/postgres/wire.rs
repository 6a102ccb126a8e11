//! Sends and receives whole messages; it also reads while it writes, so that neither side blocks the other.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postgres_protocol::message::backend::{Header, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::stream::Stream;
use super::trouble;
use crate::error::Result;

/// The number of bytes that are buffered before sending.
const GATHERED_BYTES: usize = 64 << 10;
const READ_BYTES: usize = 64 << 10;
/// The header of a message.
const HEADER_BYTES: usize = 5;

/// A connection with its send and receive buffers.
pub struct Wire {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    /// The send buffer.
    pub out: BytesMut,
    arrived: BytesMut,
    /// The largest accepted message.
    pub most_bytes: usize,
    title: String,
}

impl Wire {
    pub fn new(stream: Stream, title: String, most_bytes: usize) -> Wire {
        let (reader, writer) = tokio::io::split(stream);
        Wire { reader, writer, out: BytesMut::new(), arrived: BytesMut::new(), most_bytes, title }
    }

    /// Whether the send buffer is full enough to send.
    pub fn is_full(&self) -> bool {
        self.out.len() >= GATHERED_BYTES
    }

    /// Sends the whole buffer.
    pub async fn flush(&mut self) -> Result<()> {
        let mut out = std::mem::take(&mut self.out);
        let sent = self.write(&mut out).await;
        out.clear();
        self.out = out;
        sent?;
        self.writer.flush().await.map_err(|cause| trouble::broken(&self.title, cause))
    }

    /// Sends one message with a large body, without copying it.
    pub async fn send_large(&mut self, tag: u8, mut body: Bytes) -> Result<()> {
        self.out.put_u8(tag);
        self.out.put_u32(body.len() as u32 + 4);
        let mut out = std::mem::take(&mut self.out);
        self.write(&mut out).await?;
        out.clear();
        self.out = out;
        self.write(&mut body).await
    }

    async fn write(&mut self, data: &mut impl Buf) -> Result<()> {
        while data.has_remaining() {
            self.arrived.reserve(READ_BYTES);
            let crowded = self.arrived.len() > self.most_bytes;
            let step = tokio::select! {
                biased;
                written = self.writer.write_buf(data) => written,
                read = self.reader.read_buf(&mut self.arrived), if !crowded => match read {
                    Ok(0) => return Err(trouble::closed(&self.title)),
                    read => read,
                },
            };
            step.map_err(|cause| trouble::broken(&self.title, cause))?;
        }
        Ok(())
    }

    /// Returns the next message, if it has arrived.
    pub fn here(&mut self) -> Result<Option<Message>> {
        let header = Header::parse(&self.arrived).map_err(|cause| trouble::garbled(&self.title, cause))?;
        let Some(header) = header else { return Ok(None) };
        if header.len() as usize > self.most_bytes {
            return Err(trouble::too_long(&self.title, self.most_bytes));
        }
        if self.arrived.len() < header.len() as usize + 1 {
            return Ok(None);
        }
        Message::parse(&mut self.arrived).map_err(|cause| trouble::garbled(&self.title, cause))
    }

    /// Whether the next message has arrived, and is data of a `COPY`.
    pub fn has_copy_data(&self) -> bool {
        match Header::parse(&self.arrived) {
            Ok(Some(header)) => header.tag() == b'd' && self.arrived.len() > header.len() as usize,
            _ => false,
        }
    }

    /// Waits for the next message.
    pub async fn receive(&mut self) -> Result<Message> {
        loop {
            if let Some(message) = self.here()? {
                return Ok(message);
            }
            self.arrived.reserve(READ_BYTES.max(HEADER_BYTES));
            match self.reader.read_buf(&mut self.arrived).await {
                Ok(0) => return Err(trouble::closed(&self.title)),
                Ok(_) => {}
                Err(cause) => return Err(trouble::broken(&self.title, cause)),
            }
        }
    }

    /// Sends the termination message; it does not matter whether it arrives.
    pub async fn close(mut self) -> Result<()> {
        postgres_protocol::message::frontend::terminate(&mut self.out);
        self.flush().await?;
        self.writer.shutdown().await.map_err(|cause| trouble::broken(&self.title, cause))
    }
}
