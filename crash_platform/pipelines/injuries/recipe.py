"""From the platform's settings to how models are made."""

from crash_platform.pipelines.injuries.training import Recipe
from crash_platform.settings import Settings


def recipe_of(settings: Settings) -> Recipe:
    """Windows and the wanted recall as the settings say."""
    return Recipe(
        train_months={
            "first_report": settings.model_months_first_report,
            "full_report": settings.model_months_full_report,
        },
        recall=settings.model_recall,
    )
