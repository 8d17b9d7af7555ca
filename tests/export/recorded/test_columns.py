"""Which column is what: names of known programs, the order where there are none, and what cannot be told."""

import pytest

from export.recorded.columns import choose
from scl.artifacts import InputError
from scl.frontend.sensor import load_sensor
from train.data.csv_layout import layout

SIX = ("ax", "ay", "az", "gx", "gy", "gz")


def chosen(tmp_path, names, sensor="bmi270", given=None, time=None, label=None, cells=None):
    """Names of the channels, the time and the label that are chosen, and how."""
    names = names.split(",")
    data = ",".join(names) + "\n" + ",".join(cells or ("1.5" for _ in names)) + "\n"
    form = layout(data.encode(), "utf-8", "walk.csv")
    found = choose(tmp_path / "walk.csv", form, load_sensor(sensor), given, time, label)
    of = lambda place: None if place is None else found.names[place]  # noqa: E731
    return [of(place) for place in found.channels], of(found.time), of(found.label), found.known_by


@pytest.mark.parametrize(
    "names",
    [
        "timestamp,ax,ay,az,gx,gy,gz",
        "acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z,label",
        "Accelerometer X (m/s^2),Accelerometer Y (m/s^2),Accelerometer Z (m/s^2),Gyroscope X,Gyroscope Y,Gyroscope Z",
        "accX [g],accY [g],accZ [g],gyroX [dps],gyroY [dps],gyroZ [dps]",
        "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro",
        "accelerometer.x,accelerometer.y,accelerometer.z,gyroscope.x,gyroscope.y,gyroscope.z",
        "temperature,ax,ay,az,wx,wy,wz",
        "accelerometerAccelerationX(G),accelerometerAccelerationY(G),accelerometerAccelerationZ(G),"
        "gyroRotationRateX(rad/s),gyroRotationRateY(rad/s),gyroRotationRateZ(rad/s)",
    ],
)
def test_names_of_an_imu(tmp_path, names):
    found, _, _, known_by = chosen(tmp_path, names)
    expected = [name for name in names.split(",") if name not in ("timestamp", "label", "temperature")]
    assert found == expected and known_by == "by name"


def test_the_order_is_the_sensors_not_the_files(tmp_path):
    assert chosen(tmp_path, "gz,gy,gx,az,ay,ax")[0] == list(SIX)


def test_an_accelerometer_alone(tmp_path):
    assert chosen(tmp_path, "ms,ax,ay,az")[:2] == (["ax", "ay", "az"], "ms")
    assert chosen(tmp_path, "t,x,y,z,activity") == (["x", "y", "z"], "t", "activity", "by name")
    assert chosen(tmp_path, "t,u,v,w")[::3] == (["u", "v", "w"], "by order")


@pytest.mark.parametrize("name", ["ecg", "ECG [uV]", "MLII", "lead_II", "V5", "ekg_mv", "aVF"])
def test_names_of_an_ecg(tmp_path, name):
    assert chosen(tmp_path, f"time,{name}", "mitdb") == ([name], "time", None, "by name")
    assert chosen(tmp_path, f"time,{name},pulse", "mitdb")[0] == [name]


def test_without_names(tmp_path):
    assert chosen(tmp_path, "1,2,3,4,5,6") == ([*"123456"], None, None, "by order")
    assert chosen(tmp_path, "0,1,2,3,4,5,6") == ([*"234567"], "1", None, "by order")
    assert chosen(tmp_path, "0.5", "mitdb") == (["1"], None, None, "by order")


@pytest.mark.parametrize("name", ["label", "Activity", "CLASS", "target"])
def test_a_label_by_name(tmp_path, name):
    assert chosen(tmp_path, f"t,ax,ay,az,{name}")[2] == name


def test_a_column_that_is_told(tmp_path):
    names = "clock,x,y,z,what,t"
    told = chosen(tmp_path, names, given=("z", "2", "y"), time="t", label="what")
    assert told == (["z", "x", "y"], "t", "what", "as given")


def test_a_name_goes_before_a_number(tmp_path):
    assert chosen(tmp_path, "3,c,b,a", given=("3", "4", "2"))[0] == ["3", "a", "c"]


def test_a_told_channel_is_neither_time_nor_label(tmp_path):
    assert chosen(tmp_path, "time,label,z", given=("time", "label", "z")) == (
        ["time", "label", "z"],
        None,
        None,
        "as given",
    )


def test_times_that_are_neither_numbers_nor_dates_are_not_taken(tmp_path):
    cells = ("2026-01-02 10:00:00", "0.02", "1.5", "1.5", "1.5")
    assert chosen(tmp_path, "time,t,ax,ay,az", cells=cells)[1] == "time"
    cells = ("10:00:00", *cells[1:])
    assert chosen(tmp_path, "time,t,ax,ay,az", cells=cells)[1] == "t"


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ("t,u,v", {}, r"which of its columns 't, u, v' are the channels cannot be told, bmi270 has 6 channels \(3 of"),
        ("ax,ay,az", {"given": ("ax", "ay")}, "--columns names 2, bmi270 has 6 channels .*name one for each channel"),
        ("ax,ay,az", {"given": ("ax", "ay", "aq")}, "has no column 'aq', which --columns names; it has 'ax, ay, az'"),
        ("ax,ay,az", {"given": ("ax", "ay", "4")}, "has no column 4, which --columns names"),
        ("ax,ay,az", {"given": ("ax", "ay", "9" * 5000)}, "has no column 999999999, which --columns names"),
        ("ax,ay,az", {"given": ("ax", "ay", "1")}, "--columns names a column twice: 'ax,ay,1'"),
        ("ax,ay,az", {"time": "t"}, "has no column 't', which --time-column names"),
        ("ax,ay,az", {"label": "t"}, "has no column 't', which --label-column names"),
        ("ax,ay,az,acc_x,acc_y,acc_z", {}, "'ax, ay, az, acc_x, acc_y, acc_z' may each be the accelerometer's; name t"),
        ("t,I,II,III", {"sensor": "mitdb"}, "'I, II, III' may each be the ecg's; name the channels with --columns"),
    ],
)  # fmt: skip
def test_what_cannot_be_told(tmp_path, names, options, message):
    with pytest.raises(InputError, match=f"walk.csv: {message}"):
        chosen(tmp_path, names, **options)
