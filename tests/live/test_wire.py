from pathlib import Path

from tests.house import Clock, running


async def test_a_press_goes_from_the_client_to_the_therapist_s_screen(tmp_path: Path) -> None:
    async with running(tmp_path / "d") as house:
        await house.begin()
        async with await house.open("pra-1", "therapist") as therapist, await house.open("pat-1", "client") as client:
            await client.screen(showing="pause-button")
            assert (await client.ask("pause.press"))["ok"] is True
            cards = await therapist.screen(showing="pause-notice")
            print(cards)
            await therapist.send(type="painted", revision=therapist.revision)
            while True:
                [sheet] = [c for c in await client.screen(showing="pause-sheet") if c["card"] == "pause-sheet"]
                if sheet["says"] == "delivered":
                    break
            answer = await therapist.ask("pause.resume", pause=sheet["pause"], choice="go_on")
            assert answer["refused"] == "not_yours"
