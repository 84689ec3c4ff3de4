#include "launcher.h"
