"""Clues: what class a mention has, by its place and the wording around it."""

import pytest

from cleaners.dates.clues import read_clues


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Парк откроется 5 декабря.", "future"),
        ("Материнский капитал составит с 1 февраля больше, заявил министр", "start"),
        ("Тариф увеличили с 1 февраля", "start_past"),
        ("Главы стран встретились 3 декабря", "first_past"),
        ("Движение ограничат 12 и 13 октября", "range"),
        ("Ярмарка прошла в городском парке 12-13 октября", "range_past"),
        ("Движение ограничат с 1 декабря 2024 года до 1 марта 2025 года", "start"),
        ("Набор открыт 29 декабря - 2 января", "range"),
        ("Новость\nЗахід відбудеться 5 грудня", "future_body"),
        ("Самолет и университет: 5 декабря и позже", "first"),
        ("Скандал и журнал города, 5 декабря и позже", "first"),
        ("Обстановка и главные события на 5 декабря.\nПотери", "closing"),
        ("Morning digest for 5 December 2024", "closing"),
        ("Putin to visit China on September 3", "future"),
        ("Lavrov met his counterpart on July 13", "first_past"),
        ("Пожар\nСообщение поступило вечером 16 ноября", "hour_past"),
        ("Пожар\nОн начался 16 ноября около 21:00", "hour_past"),
        ("Завод\n24 октября стал днем траура", "body_past"),
        ("Театр\nПродажа откроется 2 декабря в 10.00", "hour"),
        ("Переговоры в ночь на 5 декабря", "hour"),
    ],
)
def test_tense_and_range_make_the_class(text: str, label: str) -> None:
    (clue,) = read_clues(text)
    assert clue.label == label


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("Куда сходить в выходные: идеи на 30 ноября-1 декабря", 5),
        ("What to do this weekend, 16-17 November", 5),
        ("Выходные: куда сходить 15-17 ноября", None),
        ("Ярмарка 16-17 ноября", None),
    ],
)
def test_two_days_of_a_weekend_begin_on_a_saturday(text: str, weekday: int | None) -> None:
    (clue,) = read_clues(text)
    assert clue.mention.weekday == weekday


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("С начала 2024 года цена выросла на 18%", "partway"),
        ("Банк до конца 2024 года не будет покупать валюту", "partway"),
        ("За девять месяцев 2024 года родилось 920 тысяч детей", "partway"),
        ("Чистая прибыль в 3 квартале 2024 года составила 1 млрд", "partway"),
        ("Sales rose in the third quarter of 2024", "partway"),
        ("Это на 20% меньше, чем в 2023 году", "compared"),
        ("Profits were lower than in 2023", "compared"),
        ("В 2023 году его арестовали", "past"),
        ("Учения пройдут в 2025 году", "future"),
    ],
)
def test_a_part_of_a_year_and_a_year_compared_with_have_classes(text: str, label: str) -> None:
    (clue,) = read_clues(text)
    assert (clue.kind, clue.label) == ("year", label)
