//! Steps that are undone when a later one fails.
//!
//! Run it with `cargo run -p callboard-examples --bin saga`.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard::{Saga, SagaError};
use std::io;

async fn trip(hotel_has_room: bool) -> Result<String, SagaError<io::Error>> {
    Saga::scope("trip", async |saga| {
        let seat = async || {
            println!("flight: seat 17 is booked");
            Ok::<u32, io::Error>(17)
        };
        let cancel_seat = async |seat: u32| {
            println!("flight: seat {seat} is free again");
            Ok(())
        };
        let seat = saga.run("book the flight", seat, cancel_seat).await?;

        let car = async || {
            println!("car: reserved");
            Ok::<&str, io::Error>("red")
        };
        let return_car = async |_: &str| Err("the office is closed".into());
        let car = saga.run("reserve the car", car, return_car).await?;

        let room = async || if hotel_has_room { Ok(4) } else { Err(io::Error::other("the hotel is full")) };
        let room = saga.run("book the room", room, async |_: u32| Ok(())).await?;
        Ok(format!("seat {seat}, a {car} car, room {room}"))
    })
    .await
}

#[tokio::main]
async fn main() {
    for hotel_has_room in [true, false] {
        match trip(hotel_has_room).await {
            Ok(trip) => println!("booked: {trip}"),
            Err(error) => println!("{error}"),
        }
    }
}
