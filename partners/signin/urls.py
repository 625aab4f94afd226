"""The sign-in pages, under `/signin/`."""

from django.urls import path

from partners.signin import views

app_name = "signin"
urlpatterns = [
    path("code/", views.code, name="code"),
    path("recovery/", views.recovery, name="recovery"),
    path("enrol/", views.enrol, name="enrol"),
    path("enrol/qr.svg", views.qr_code, name="qr"),
    path("password/", views.password, name="password"),
    path("second-factor/", views.overview, name="second_factor"),
    path("second-factor/codes/", views.codes, name="codes"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end/", views.end_sessions, name="end_sessions"),
    path("reset/<int:user_id>/", views.reset_for, name="reset"),
]
