//! Every fault of networks, proxies and servers, mixed at random: what is called stored is stored, and nothing half-made has a final name.

use std::sync::Arc;

use futures_util::stream::{StreamExt, iter};

use super::places::{Dice, Place, put, read};
use crate::support::faults::Fault;

/// The sizes of the objects: none, one byte, a small one, and some of several parts.
const SIZES: [usize; 5] = [0, 1, 100_000, (5 << 20) + 1, 11 << 20];
const ROUNDS: u64 = 30;
/// How many requests of a hundred go wrong.
const SHARE: u64 = 30;

/// What came of one round.
#[derive(Default)]
struct Came {
    stored: usize,
    read: usize,
    removed: usize,
}

async fn round(place: &Place, number: u64) -> Came {
    let (key, mut came) = (format!("round/{number} x"), Came::default());
    let data = Dice::new(number).bytes(SIZES[number as usize % SIZES.len()]);
    let told = put(&place.through, place.beyond(&key), &data).await;
    let truth = place.truth(&key).await;
    match (&told, &truth) {
        (Ok(()), Some(truth)) => assert!(*truth == data, "round {number}: called stored, and is another"),
        (Ok(()), None) => panic!("round {number}: called stored, and nothing is there"),
        (Err(error), Some(truth)) => assert!(*truth == data, "round {number}: {error:?}, and something wrong stays"),
        (Err(_), None) => {}
    }
    came.stored += usize::from(told.is_ok());
    if truth.is_none() {
        put(&place.direct, place.there(&key), &data).await.unwrap();
    }
    // Another backup never takes its place, whatever is answered.
    let other = put(&place.through, place.beyond(&key), b"another").await;
    assert!(other.is_err(), "round {number}: another one was called stored");
    assert!(place.truth(&key).await.unwrap() == data, "round {number}: another one has taken its place");
    if let Ok(seen) = read(&place.through, place.beyond(&key)).await {
        assert!(seen == data, "round {number}: another content was called right");
        came.read += 1;
    }
    if let Ok(seen) = place.through.stat_object(place.beyond(&key)).await {
        assert_eq!(seen.expect("it is there").size_bytes, data.len() as u64, "round {number}");
    }
    if let Ok(listed) = place.through.list_objects(place.through_store.clone(), &key).await {
        assert!(listed.iter().any(|entry| entry.key == key), "round {number}: not listed");
    }
    if place.through.remove_object(place.beyond(&key)).await.is_ok() {
        assert!(place.truth(&key).await.is_none(), "round {number}: called removed, and is there");
        came.removed += 1;
    }
    came
}

async fn nothing_wrong_is_called_right(place: Place, rounds: u64) {
    let mut dice = Dice::new(16);
    // Dealt like cards, so that each comes as often as the others.
    let mut deck: Vec<Fault> = Vec::new();
    place.proxy.script(move |_| {
        if dice.roll(100) >= SHARE {
            return None;
        }
        if deck.is_empty() {
            deck.extend(Fault::ALL);
        }
        Some(deck.swap_remove(dice.roll(deck.len() as u64) as usize))
    });
    let place = Arc::new(place);
    let all = iter(0..rounds).map(|number| {
        let place = place.clone();
        async move { tokio::spawn(async move { round(&place, number).await }).await.unwrap() }
    });
    let came: Vec<Came> = all.buffer_unordered(8).collect().await;
    let count = |of: fn(&Came) -> usize| came.iter().map(of).sum::<usize>() as u64;
    let (stored, read, removed) = (count(|came| came.stored), count(|came| came.read), count(|came| came.removed));
    println!("of {rounds}: {stored} stored, {read} read, {removed} removed; {:?}", place.proxy.met());
    assert!(stored >= rounds / 4 && read >= rounds / 4 && removed >= rounds / 4, "{stored} {read} {removed}");
    let met = place.proxy.met();
    assert!(Fault::ALL.iter().all(|fault| met.contains_key(fault)), "not every fault was tried: {met:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_wrong_is_called_right_by_s3() {
    nothing_wrong_is_called_right(Place::s3().await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_wrong_is_called_right_by_google() {
    nothing_wrong_is_called_right(Place::google().await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_wrong_is_called_right_by_azure() {
    nothing_wrong_is_called_right(Place::azure().await, ROUNDS).await;
}
