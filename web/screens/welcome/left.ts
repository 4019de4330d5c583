const key = "weir.welcome";

/** Whether somebody has left the welcome in this browser, so that it does not come by itself again. */
export const isWelcomeLeft = (): boolean => localStorage.getItem(key) !== null;

export const leaveWelcome = (): void => localStorage.setItem(key, "left");
