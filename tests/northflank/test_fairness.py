"""Who waits while many answers are taken apart."""

import asyncio

from exporter.northflank.fairness import Turnstile


async def test_between_any_two_that_go_through_everybody_else_has_a_turn() -> None:
    turnstile = Turnstile()
    order: list[str] = []

    async def take_apart() -> None:
        await turnstile.passed()
        order.append("answer")

    async def serve() -> None:
        while order.count("answer") < 20:
            order.append("other")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve())
        for _ in range(20):
            tasks.create_task(take_apart())
    assert "answer answer" not in " ".join(order)


async def test_whoever_gives_up_waiting_holds_nobody_back() -> None:
    turnstile = Turnstile()
    waiting = [asyncio.create_task(turnstile.passed()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    async with asyncio.timeout(10):
        await waiting[2]
