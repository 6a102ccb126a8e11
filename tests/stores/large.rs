//! Gigabytes through a network that cuts, delays and flips bytes: what is called stored comes back byte for byte. Minutes long: `scripts/test-long`.

use bytes::Bytes;
use hikae::stream::Piece;
use hikae::world::objects::Put;
use ring::digest::{Context, SHA256};

use super::places::{Dice, Place};
use crate::support::faults::Fault;
use crate::support::stores;

/// How many bytes go through each store: five gigabytes where nobody says another number.
fn gigabytes() -> u64 {
    std::env::var("HIKAE_STORE_GIGABYTES").map_or(5, |text| text.parse().unwrap())
}

/// Of a hundred requests so many go wrong.
const SHARE: u64 = 8;
const PIECE: usize = 1 << 20;

/// Each piece another, without keeping them.
fn piece(seed: &[u8], number: u64) -> Bytes {
    let mut data = seed.to_vec();
    data[..8].copy_from_slice(&number.to_le_bytes());
    data.into()
}

async fn through(place: Place) {
    let (seed, pieces) = (Dice::new(5).bytes(PIECE), gigabytes() * 1000);
    let mut dice = Dice::new(23);
    place.proxy.script(move |_| {
        let fault = Fault::ALL[dice.roll(Fault::ALL.len() as u64) as usize];
        // What is never tried again would end such a long upload nearly always.
        let ends =
            matches!(fault, Fault::Redirected | Fault::ErrorInside | Fault::DoneButErrorInside | Fault::FlippedRequest);
        (dice.roll(100) < SHARE && !ends).then_some(fault)
    });
    let mut sent = Context::new(&SHA256);
    let mut sink = place.through.put(Put::new(place.beyond("large"))).await.unwrap();
    for number in 0..pieces {
        let data = piece(&seed, number);
        sent.update(&data);
        sink.write(data).await.unwrap_or_else(|error| panic!("{error:?}; {:?}", place.proxy.met()));
    }
    sink.seal().await.unwrap();
    sink.commit().await.unwrap_or_else(|error| panic!("{error:?}; {:?}", place.proxy.met()));
    let mut came = Context::new(&SHA256);
    let mut source = place.through.get(place.beyond("large")).await.unwrap();
    while let Piece::Data(data) =
        source.next().await.unwrap_or_else(|error| panic!("{error:?}; {:?}", place.proxy.met()))
    {
        came.update(&data);
    }
    assert_eq!(came.finish().as_ref(), sent.finish().as_ref());
    println!("{} GB: {:?}", gigabytes(), place.proxy.met());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "gigabytes"]
async fn stores_long_gigabytes_through_s3() {
    through(Place::s3().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "gigabytes"]
async fn stores_long_gigabytes_through_google() {
    let folder = tempfile::tempdir().unwrap();
    let server = stores::google_on_disk(folder.path());
    through(Place::google_at(server.port).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "gigabytes"]
async fn stores_long_gigabytes_through_azure() {
    let folder = tempfile::tempdir().unwrap();
    let server = stores::azure_on_disk(folder.path());
    through(Place::azure_at(server.port).await).await;
}
